-- Makes the database and the user of each service, and locks each user out of the others' databases.
-- May be repeated: it renews the passwords and keeps the data.
--
--   ILENIA_AUTH_PASSWORD=… ILENIA_EVENTS_PASSWORD=… ILENIA_LIVE_PASSWORD=… ILENIA_LIVEKIT_PASSWORD=… \
--       psql -f deploy/postgres/init.sql postgres://administrator@host/postgres
--
-- or psql -v auth_password=… and so on. The administrator may create roles and databases; it need not be a superuser.
-- psql of version 15 or newer.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

\if :{?auth_password} \else
\getenv auth_password ILENIA_AUTH_PASSWORD
\endif
\if :{?events_password} \else
\getenv events_password ILENIA_EVENTS_PASSWORD
\endif
\if :{?live_password} \else
\getenv live_password ILENIA_LIVE_PASSWORD
\endif
\if :{?livekit_password} \else
\getenv livekit_password ILENIA_LIVEKIT_PASSWORD
\endif

-- There are no default passwords.
\if :{?auth_password} \else
\set auth_password ''
\endif
\if :{?events_password} \else
\set events_password ''
\endif
\if :{?live_password} \else
\set live_password ''
\endif
\if :{?livekit_password} \else
\set livekit_password ''
\endif

CREATE TEMPORARY TABLE services AS
SELECT name, 'ilenia_' || name AS database, 'ilenia_' || name || '_user' AS owner, password
FROM (VALUES
    ('auth', :'auth_password'),
    ('events', :'events_password'),
    ('live', :'live_password'),
    ('livekit', :'livekit_password')
) AS service (name, password);

DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg('ILENIA_' || upper(name) || '_PASSWORD', ', ') INTO missing FROM services WHERE password = '';
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'no password for some users: set %', missing;
    END IF;
END
$$;

SELECT format('CREATE ROLE %I LOGIN', owner) FROM services
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner) \gexec

SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', owner, password) FROM services \gexec

-- Whoever is no superuser must belong to a role to make a database for it.
SELECT format('GRANT %I TO CURRENT_USER', owner) FROM services
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', database, owner) FROM services
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = database) \gexec

SELECT format('ALTER DATABASE %I OWNER TO %I', database, owner) FROM services \gexec

-- By default everybody may connect to every database.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', database) FROM services \gexec

-- A membership that somebody granted would let one user in as another.
SELECT format('REVOKE %I FROM %I', role.owner, member.owner)
FROM services AS role, services AS member, pg_auth_members
WHERE role.owner <> member.owner
    AND roleid = to_regrole(role.owner) AND pg_auth_members.member = to_regrole(member.owner) \gexec

-- Each service makes its tables in `public` of its own database, and nobody else does.
\connect ilenia_auth
ALTER SCHEMA public OWNER TO ilenia_auth_user;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect ilenia_events
ALTER SCHEMA public OWNER TO ilenia_events_user;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect ilenia_live
ALTER SCHEMA public OWNER TO ilenia_live_user;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect ilenia_livekit
ALTER SCHEMA public OWNER TO ilenia_livekit_user;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

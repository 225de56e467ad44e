-- Who is who: customers, users, roles, custom permissions, OAuth2 clients, and the log of every change.

CREATE TABLE customers (
    customer_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    -- What names that count as the same have in common. Made by the program: lower() depends on the locale.
    name_key text NOT NULL CONSTRAINT customers_name_taken UNIQUE,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0)
);

CREATE TABLE users (
    user_id uuid PRIMARY KEY,
    customer_id uuid NOT NULL CONSTRAINT users_customer REFERENCES customers,
    -- In lower case.
    email text NOT NULL CONSTRAINT users_email_taken UNIQUE CHECK (email ~ '^[^@]+@[^@]+$'),
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 100),
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_login_at timestamptz,
    -- Access tokens issued earlier are refused.
    not_before timestamptz,
    -- Refresh tokens issued earlier are refused.
    sessions_not_before timestamptz,
    version bigint NOT NULL CHECK (version > 0),
    UNIQUE (customer_id, user_id)
);

-- Apart from the users, so that no list of users reads it.
CREATE TABLE passwords (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Argon2id in PHC form.
    hash text NOT NULL
);

CREATE TABLE roles (
    customer_id uuid NOT NULL CONSTRAINT roles_customer REFERENCES customers ON DELETE CASCADE,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_-]{1,48}$'),
    description text CHECK (char_length(description) BETWEEN 1 AND 500),
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    CONSTRAINT roles_name_taken PRIMARY KEY (customer_id, name),
    CONSTRAINT roles_not_built_in CHECK (name NOT IN ('platform_admin', 'admin', 'manager', 'speaker', 'listener'))
);

CREATE TABLE user_roles (
    customer_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    -- Set for a role of the customer's own, which must exist; built-in roles are not data.
    role_customer_id uuid GENERATED ALWAYS AS (
        CASE WHEN role IN ('platform_admin', 'admin', 'manager', 'speaker', 'listener') THEN NULL ELSE customer_id END
    ) STORED,
    PRIMARY KEY (user_id, role),
    FOREIGN KEY (customer_id, user_id) REFERENCES users (customer_id, user_id) ON DELETE CASCADE,
    CONSTRAINT user_roles_role FOREIGN KEY (role_customer_id, role) REFERENCES roles (customer_id, name)
);
CREATE INDEX user_roles_by_role ON user_roles (role, customer_id);

CREATE TABLE grants (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    permission text NOT NULL,
    effect text NOT NULL CHECK (effect IN ('add', 'remove')),
    -- A user's id, a client_id, or 'system'. No reference: whoever did it may be gone.
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL,
    reason text CHECK (char_length(reason) BETWEEN 1 AND 500),
    PRIMARY KEY (user_id, permission)
);

CREATE TABLE clients (
    client_id text CONSTRAINT clients_id_taken PRIMARY KEY CHECK (client_id ~ '^[a-z0-9][a-z0-9._-]{2,63}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    -- Null: a service of the platform.
    customer_id uuid CONSTRAINT clients_customer REFERENCES customers,
    scopes text[] NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    not_before timestamptz,
    version bigint NOT NULL CHECK (version > 0)
);
CREATE INDEX clients_by_customer ON clients (customer_id);

CREATE TABLE client_secrets (
    client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
    -- SHA-256 of 256 random bits.
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    valid_until timestamptz,
    PRIMARY KEY (client_id, hash)
);

CREATE TABLE audit_log (
    -- Sorts by time.
    audit_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    -- No references: the log outlives what it tells of.
    customer_id uuid,
    action text NOT NULL,
    target_kind text NOT NULL,
    target_id text NOT NULL,
    details jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
    request_id text
);
CREATE INDEX audit_log_by_customer ON audit_log (customer_id, audit_id DESC);

CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only appended to';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();

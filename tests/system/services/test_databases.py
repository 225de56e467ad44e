"""What init.sql makes: each user gets into its own database and into no other."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import REPOSITORY
from servers import DATABASE_PASSWORDS, DATABASES, Postgres


def connects(url: str) -> tuple[bool, str]:
    done = subprocess.run(["psql", "-X", "-q", "-c", "SELECT 1", url], capture_output=True, text=True, timeout=30)
    return done.returncode == 0, done.stderr


def check_locks(postgres: Postgres) -> None:
    for service in DATABASES:
        for other in DATABASES:
            allowed, error = connects(postgres.service_url(service, f"ilenia_{other}"))
            assert allowed == (service == other), f"{service} in the database of {other}: {error}"
            if not allowed:
                assert "permission denied for database" in error
        own = postgres.service_url(service)
        postgres.execute("CREATE TABLE probe (id int); DROP TABLE probe", own)
        others = [role for role in DATABASES if role != service]
        for other in others:
            done = subprocess.run(
                ["psql", "-X", "-q", "-c", f"SET ROLE ilenia_{other}_user", own], capture_output=True, text=True,
            )
            assert done.returncode != 0, f"{service} can become {other}"
        wrong = own.replace("database%20password", "another%20password")
        assert wrong != own and "password authentication failed" in connects(wrong)[1]
        roles = f"SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = 'ilenia_{service}_user'"
        assert postgres.execute(roles) == "f"


def test_each_user_is_locked_out_of_the_others_databases(postgres):
    check_locks(postgres)


def test_init_may_be_repeated_and_takes_back_what_was_granted_since(postgres):
    postgres.execute("CREATE TABLE kept AS SELECT 42 AS answer", postgres.service_url("live"))
    postgres.execute("GRANT CONNECT ON DATABASE ilenia_auth TO PUBLIC")
    postgres.execute("GRANT ilenia_auth_user TO ilenia_events_user")
    postgres.execute("ALTER ROLE ilenia_livekit_user PASSWORD 'another'")
    postgres.initialise()
    check_locks(postgres)
    assert postgres.execute("SELECT answer FROM kept; DROP TABLE kept", postgres.service_url("live")) == "42"


@pytest.fixture
def managed(tmp_path_factory):
    """A cluster as a provider gives it: the administrator is no superuser."""
    directory = Path(tempfile.mkdtemp(prefix="ilenia-postgres-"))
    directory.chmod(0o755)
    cluster = Postgres(directory / "cluster")
    cluster.execute("CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD 'administrator'")
    yield cluster
    cluster.stop()
    shutil.rmtree(directory, ignore_errors=True)


def test_init_needs_no_superuser(managed):
    managed.initialise(f"postgres://administrator:administrator@127.0.0.1:{managed.port}/postgres")
    check_locks(managed)


def test_init_has_no_default_passwords(postgres):
    script = REPOSITORY / "deploy/postgres/init.sql"
    command = ["psql", "-X", "-q", "-v", "auth_password=x", "-f", script, postgres.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "set ILENIA_EVENTS_PASSWORD, ILENIA_LIVE_PASSWORD, ILENIA_LIVEKIT_PASSWORD" in done.stderr
    # Nothing has happened: the password is what it was.
    assert connects(postgres.service_url("auth"))[0]
    assert set(DATABASE_PASSWORDS) == set(DATABASES)

"""What dump.sh took away, restore.sh brings back: every resource answers as before."""

import os
import subprocess

import pytest

from harness import REPOSITORY
from platform_of_services import SERVICES, Platform

FOLDER = REPOSITORY / "deploy/postgres"
READERS = ("root", "admin", "manager", "service")


def run(script: str, url: str, *arguments) -> subprocess.CompletedProcess:
    environment = os.environ | {"DATABASE_URL": url}
    return subprocess.run(
        [FOLDER / script, *arguments], env=environment, capture_output=True, text=True, timeout=60,
    )


def answers(world, platform: Platform) -> dict[tuple[str, str, str], tuple]:
    """Every GET operation, as several people: (service, path, who) → status, version, body."""
    given = {}
    for service, specification in world.specifications.items():
        for operation in specification.operations:
            if operation.method != "GET" or "application/json" not in operation.media_types(200):
                continue
            path = world.path_of(service, operation)
            for who in READERS:
                answer = platform.service(service).call("GET", path, world.tokens[who])
                body = answer.json()
                if answer.status_code >= 400:
                    # The request's own id is another each time.
                    body.pop("request_id")
                given[service, path, who] = (answer.status_code, answer.headers.get("etag"), body)
    return given


@pytest.fixture
def restored(world, postgres, redis, tmp_path):
    """The world's services once more, on what was restored from dumps."""
    platform = Platform(postgres, redis, tmp_path / "restored")
    # The rooms are the same too.
    platform.livekit = world.platform.livekit
    for service in SERVICES:
        source, target = world.platform.database_url(service), platform.database_url(service)
        dump = tmp_path / f"{service}.dump"
        for script, url in (("dump.sh", source), ("restore.sh", target)):
            done = run(script, url, dump)
            assert done.returncode == 0, done.stderr
        assert dump.stat().st_mode & 0o077 == 0, "it holds password hashes"
    # Links to the keys and the issuer are told by configuration, and here are to be the same.
    same = {"AUTH_ISSUER": world.platform.auth_url, "AUTH_SERVICE_URL": world.platform.auth_url}
    for name in SERVICES:
        platform.services[name] = platform.start(name, platform.ports[name], MIGRATE_ON_START="false", **same)
    yield platform
    platform.stop()


def test_every_resource_answers_as_before(world, restored):
    before, after = answers(world, world.platform), answers(world, restored)
    fine = [key for key, (status, *_) in before.items() if status == 200]
    assert {service for service, *_ in fine} == set(SERVICES) and len(fine) > 20, "there is something to compare"
    assert before.keys() == after.keys()
    different = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert not different, different
    # The restored services also work: ids go on, nothing is locked.
    assert restored.login()
    event = world.specifications["events"].operation("create_event")
    body = world.specifications["events"].example_body(event)
    assert restored.events.call("POST", "/events", world.tokens["manager"], json=body).status_code == 201


def test_a_full_database_is_only_replaced_when_asked_to(postgres, tmp_path):
    url = postgres.service_url("live")
    dump = tmp_path / "live.dump"
    postgres.execute("CREATE TABLE kept AS SELECT 1 AS number", url)
    try:
        assert run("dump.sh", url, dump).returncode == 0
        postgres.execute("INSERT INTO kept VALUES (2); CREATE TABLE later ()", url)
        refused = run("restore.sh", url, dump)
        assert refused.returncode != 0 and "--replace" in refused.stderr
        assert postgres.execute("SELECT count(*) FROM kept", url) == "2"
        broken = tmp_path / "broken.dump"
        broken.write_bytes(dump.read_bytes()[:-200])
        assert run("restore.sh", url, "--replace", broken).returncode != 0
        assert postgres.execute("SELECT count(*) FROM kept", url) == "2", "all or nothing"
        replaced = run("restore.sh", url, "--replace", dump)
        assert replaced.returncode == 0, replaced.stderr
        assert postgres.execute("SELECT count(*), to_regclass('later') FROM kept", url) == "1|"
    finally:
        postgres.execute("DROP TABLE IF EXISTS kept, later", url)


@pytest.mark.parametrize("script", ["dump.sh", "restore.sh"])
def test_mistakes_are_told(script, tmp_path):
    nowhere = run(script, "", tmp_path / "file")
    assert nowhere.returncode != 0 and "DATABASE_URL is not set" in nowhere.stderr
    assert run(script, "postgres://x@127.0.0.1:1/x", tmp_path / "file").returncode != 0
    assert not list(tmp_path.iterdir()), "nothing is left of a dump that failed"

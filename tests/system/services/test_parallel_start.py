"""Two instances that start at once on an empty database are one service."""

import requests

from harness import wait_for_http


def keys(running) -> set[str]:
    return {key["kid"] for key in running.get("/.well-known/jwks.json").json()["keys"]}


def test_two_that_start_at_once_share_the_schema_the_key_and_the_first_administrator(new_platform):
    platform = new_platform
    pair = [platform.spawn("auth") for _ in range(2)]
    for running in pair:
        wait_for_http(f"{running.url}/ready", running.process)
    database = platform.postgres.service_url("auth", platform.databases["auth"])
    count = platform.postgres.execute("SELECT count(*) FROM users", database)
    assert count == "1", "one first administrator"
    published = [keys(running) for running in pair]
    assert published[0] == published[1]
    assert len(published[0]) == 1, "one signing key"

    for here, there in (pair, reversed(pair)):
        platform.services["auth"] = here
        token = platform.login()
        me = there.call("GET", "/me", token)
        assert me.status_code == 200, me.text
        assert platform.service_token()


def test_events_services_that_start_at_once_migrate_once(new_platform):
    platform = new_platform
    platform.start_services("auth")
    pair = [platform.spawn("events") for _ in range(2)]
    for running in pair:
        wait_for_http(f"{running.url}/ready", running.process)
        answer = requests.get(f"{running.url}/events", timeout=10)
        assert answer.status_code == 401, "it serves"
    applied = [running.process.output().count("migrated") for running in pair]
    assert sorted(applied)[0] == 0 and sorted(applied)[1] >= 1, applied

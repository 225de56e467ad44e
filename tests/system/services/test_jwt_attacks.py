"""Forged, stale and mangled access tokens are 401, each and every one, at every service."""

import time

import pytest
import requests

from forged_tokens import Key, KeyServer, by_issuer, by_stranger, claims
from platform_of_services import ADMIN

# An operation of each service that a platform administrator may call.
OPERATIONS = {"auth": "/me", "events": "/events", "provider": "/rooms", "orchestrator": "/sessions"}
AUDIENCES = {"events": "event-service", "provider": "livekit-service", "orchestrator": "live-service"}
LEEWAY_S = 30


def refused(answer: requests.Response) -> str | None:
    """What is wrong with a refusal, if anything."""
    if answer.status_code != 401:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"no problem but {answer.headers.get('content-type')}"
    if not answer.headers.get("www-authenticate", "").startswith("Bearer"):
        return "no WWW-Authenticate: Bearer"
    if answer.json()["status"] != 401 or not answer.json()["code"]:
        return answer.text
    return None


def check_all(running, tokens: dict[str, str]) -> None:
    path = OPERATIONS[running.name]
    wrong = {name: refused(running.call("GET", path, token)) for name, token in tokens.items()}
    wrong = {name: what for name, what in wrong.items() if what}
    assert not wrong, wrong
    assert running.get("/health").status_code == 200


@pytest.mark.parametrize("service", OPERATIONS)
def test_what_a_stranger_can_make_is_refused(world, service):
    running = world.platform.service(service)
    token = world.platform.login()
    assert running.call("GET", OPERATIONS[service], token).status_code == 200
    keys = world.platform.auth.get("/.well-known/jwks.json").json()["keys"]
    attacker = KeyServer(Key("attacker"))
    try:
        check_all(running, by_stranger(token, keys[0], f"{attacker.url}/jwks.json"))
        assert not attacker.asked, "nobody fetches keys from where a token says"
    finally:
        attacker.close()
    assert running.call("GET", OPERATIONS[service], token).status_code == 200


def test_what_the_issuer_signed_for_something_else_is_refused(new_platform):
    key = Key("ours")
    issuer = KeyServer(key)
    try:
        events = new_platform.start("events", AUTH_SERVICE_URL=issuer.url, AUTH_ISSUER=issuer.url)
        good = key.sign(claims(issuer.url))
        assert events.call("GET", "/events", good).status_code == 200
        at_jwt = key.sign(claims(issuer.url), typ="at+jwt")
        assert events.call("GET", "/events", at_jwt).status_code == 200
        check_all(events, by_issuer(key, issuer.url))
        asked = len(issuer.asked)
        for number in range(50):
            assert events.call("GET", "/events", Key.sign(key, claims(issuer.url), kid=f"k{number}")).status_code == 401
        assert len(issuer.asked) - asked <= 5, "unknown keys do not make us ask the issuer again and again"
    finally:
        issuer.close()


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_refresh_token_is_no_access_token(world, service):
    answer = world.platform.auth.call("POST", "/login", json={"email": ADMIN[0], "password": ADMIN[1]})
    refresh = answer.cookies.get("ilenia_refresh") or answer.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert refresh
    check_all(world.platform.service(service), {"refresh token": refresh})


@pytest.mark.parametrize("service", OPERATIONS)
def test_a_token_counts_only_where_it_belongs(world, service):
    running, token = world.platform.service(service), world.platform.login()
    path = OPERATIONS[service]
    assert running.get(path, headers={"Authorization": f"bearer {token}"}).status_code == 200, "RFC 7235: any case"
    for headers in (
        {},
        {"Authorization": token},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {token}"},
        {"Authorization": f"Bearer {token}, Bearer {token}"},
        {"Cookie": f"access_token={token}; ilenia_refresh={token}"},
        {"X-Access-Token": token},
    ):
        assert refused(running.get(path, headers=headers)) is None, headers
    assert refused(running.get(f"{path}?access_token={token}")) is None


@pytest.mark.parametrize("service", OPERATIONS)
def test_tokens_of_another_issuer_with_the_same_key_are_refused(world, service):
    platform = world.platform
    running = platform.service(service)
    # Two more instances on the same database sign with the same key.
    elsewhere = platform.start("auth", AUTH_ISSUER="https://elsewhere.example.org")
    login = {"json": {"email": ADMIN[0], "password": ADMIN[1]}}
    token = elsewhere.call("POST", "/login", **login).json()["access_token"]
    check_all(running, {"wrong iss": token})
    elsewhere.process.stop()
    if service in AUDIENCES:
        others = platform.start("auth", AUTH_AUDIENCE=",".join(sorted(set(AUDIENCES.values()) - {AUDIENCES[service]})))
        token = others.call("POST", "/login", **login).json()["access_token"]
        check_all(running, {"wrong aud": token})
        others.process.stop()


@pytest.mark.parametrize("service", OPERATIONS)
def test_an_expired_token_is_refused(world, service):
    token, ends = world.short_lived
    # Long over, when the tests before this one took their time.
    time.sleep(max(0.0, ends + LEEWAY_S + 1 - time.time()))
    check_all(world.platform.service(service), {"expired": token})

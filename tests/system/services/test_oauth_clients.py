"""Independent OAuth2 and JWT implementations, Authlib and PyJWT, agree with auth-service."""

import os
import subprocess
import threading
import time

import jwt
import pytest
from authlib.integrations.requests_client import OAuth2Session

from harness import ilenia_binary
from platform_of_services import CLIENT

AUDIENCE = "event-service"


@pytest.fixture
def metadata(world):
    return world.platform.auth.get("/.well-known/oauth-authorization-server").json()


def verify(token: str, keys: jwt.PyJWKClient, issuer: str) -> dict:
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=issuer, leeway=5)


def test_the_metadata_leads_to_everything(world, metadata):
    assert metadata["issuer"] == world.platform.auth_url
    assert metadata["token_endpoint"].startswith(world.platform.auth_url)
    assert "client_credentials" in metadata["grant_types_supported"]
    assert set(metadata["token_endpoint_auth_methods_supported"]) == {"client_secret_basic", "client_secret_post"}
    assert jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_keys()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token_that_pyjwt_verifies_and_events_accepts(world, metadata, method):
    session = OAuth2Session(CLIENT[0], CLIENT[1], scope="events:read", token_endpoint_auth_method=method)
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert token["token_type"] == "Bearer" and token["expires_in"] == 3600 and token["scope"] == "events:read"
    said = verify(token["access_token"], jwt.PyJWKClient(metadata["jwks_uri"]), metadata["issuer"])
    assert said["sub"] == said["client_id"] == CLIENT[0]
    assert said["scope"] == "events:read" and said["token_use"] == "service" and "roles" not in said
    path = f"{world.platform.events.url}/v1/events/{world.named['event_id']}"
    assert session.get(path).status_code == 200


def test_a_persons_token_says_what_the_contract_promises(world, metadata):
    token = world.tokens["manager"]
    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    said = verify(token, jwt.PyJWKClient(metadata["jwks_uri"]), metadata["issuer"])
    assert set(said["aud"]) == {"event-service", "livekit-service", "live-service"}
    assert said["sub"] == world.users["manager"] and said["roles"] == ["manager"] and said["jti"]
    assert said["exp"] - said["iat"] == 3600
    assert said["customer_id"] == world.named["customer_id"]
    assert "events:create" in said["permissions"] and "users:create" not in said["permissions"]


@pytest.mark.parametrize(
    ("secret", "form", "status", "error"),
    [
        ("wrong", {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (CLIENT[1], {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (CLIENT[1], {}, 400, "invalid_request"),
        (CLIENT[1], {"grant_type": "client_credentials", "scope": "users:delete"}, 400, "invalid_scope"),
    ],
)
def test_refusals_are_those_of_rfc_6749(world, secret, form, status, error):
    answer = world.platform.auth.call("POST", "/oauth/token", data=form, auth=(CLIENT[0], secret))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error
    assert "no-store" in answer.headers["cache-control"]
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_keys_rotate_under_load_and_no_verification_fails(new_platform):
    """Everybody goes on with tokens of the old key and the new, also a verifier that keeps the keys it has read.

    Times are those of production made shorter: verifiers keep keys for 5 s (not 300), a new key is published before it
    signs for as long as an instance takes to read it (30 s) and a verifier keeps what it had.
    """
    platform = new_platform
    ahead = {"AUTH_KEY_PUBLISH_AHEAD_SECONDS": "40"}
    platform.start_services("auth", "events", **ahead)
    keys = jwt.PyJWKClient(f"{platform.auth_url}/.well-known/jwks.json", lifespan=5)
    first = platform.login()
    old = jwt.get_unverified_header(first)["kid"]
    ended, failures, signed_by, lock = threading.Event(), [], [], threading.Lock()

    def work(turn: int) -> None:
        while not ended.is_set():
            try:
                token = platform.service_token() if turn % 2 else platform.login()
                verify(token, keys, platform.auth_url)
                verify(first, keys, platform.auth_url)
                answers = [platform.events.call("GET", "/events", each) for each in (token, first)]
                bad = [f"{a.status_code} {a.text}" for a in answers if a.status_code != 200]
                kid = jwt.get_unverified_header(token)["kid"]
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is what the test looks for
                bad, kid = [repr(error)], None
            with lock:
                failures.extend(bad)
                signed_by.append(kid)

    threads = [threading.Thread(target=work, args=(turn,), daemon=True) for turn in range(3)]
    for thread in threads:
        thread.start()
    try:
        environment = {**os.environ, **platform.environment("auth"), **ahead}
        rotate = [ilenia_binary(), "auth", "rotate-keys"]
        done = subprocess.run(rotate, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + 75
        # Some time also with the new key.
        while sum(kid != old for kid in signed_by) < 30:
            assert time.monotonic() < deadline, "no tokens by the new key"
            assert not failures, failures[:3]
            time.sleep(0.05)
    finally:
        ended.set()
        for thread in threads:
            thread.join(30)
    assert not failures, failures[:5]
    assert signed_by.count(old) > 10 and len(set(signed_by)) == 2
    published = {key["kid"] for key in platform.auth.get("/.well-known/jwks.json").json()["keys"]}
    assert published >= set(signed_by), "old keys stay published while their tokens live"
    assert platform.auth.call("GET", "/me", first).status_code == 200

"""Signing in is expensive on purpose, and nobody else feels it."""

import threading
import time

from platform_of_services import ADMIN

LOGINS = 20


def test_health_answers_while_twenty_sign_in(new_platform):
    platform = new_platform
    platform.start_services("auth")
    token = platform.login()
    together = threading.Barrier(LOGINS + 1)
    statuses: list[int] = []

    def sign_in() -> None:
        together.wait()
        body = {"email": ADMIN[0], "password": ADMIN[1]}
        statuses.append(platform.auth.call("POST", "/login", json=body).status_code)

    threads = [threading.Thread(target=sign_in) for _ in range(LOGINS)]
    for thread in threads:
        thread.start()
    together.wait()
    answered = 0
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        assert platform.auth.get("/health").status_code == 200
        assert platform.auth.call("GET", "/me", token).status_code == 200
        # Generous: how quick it is, `bench` measures.
        assert time.monotonic() - began < 2
        answered += 1
    assert answered >= 5, "it was asked while they signed in"
    # Who comes in too great a crowd is asked to come again; nobody is refused or left waiting.
    assert len(statuses) == LOGINS and set(statuses) <= {200, 429, 503}, statuses
    assert statuses.count(200) >= LOGINS / 2

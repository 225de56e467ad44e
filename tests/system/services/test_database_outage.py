"""The database goes away in mid-traffic: quick, honest answers, and work goes on by itself when it is back."""

import threading
import time

import pytest
import requests

from cuttable_wire import Wire

# A request looks after the database twice at most before it is given up: each time after a second, for up to two.
QUICK_S = 6.5
# What each service reads from its database.
PATHS = {"auth": "/users", "events": "/events", "provider": "/tokens?event_id=123457", "orchestrator": "/sessions"}


class Traffic:
    """Asks again and again from several threads and keeps what came of it."""

    def __init__(self, running, path: str, token: str, threads: int = 4):
        self.answers: list[tuple[float, float, requests.Response]] = []
        self.broken: list[Exception] = []
        self._ended = threading.Event()
        work = (running, path, token)
        self._threads = [threading.Thread(target=self._ask, args=work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _ask(self, running, path: str, token: str) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                answer = running.call("GET", path, token)
            except requests.RequestException as error:
                self.broken.append(error)
                continue
            self.answers.append((began, time.monotonic() - began, answer))

    def since(self, moment: float) -> list[tuple[float, float, requests.Response]]:
        return [entry for entry in self.answers if entry[0] >= moment]

    def wait_for(self, status: int, since: float, within: float, how_many: int = 4) -> None:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if sum(answer.status_code == status for *_, answer in self.since(since)) >= how_many:
                return
            time.sleep(0.02)
        seen = {answer.status_code for *_, answer in self.since(since)}
        raise AssertionError(f"not {how_many} answers {status} within {within} s, but {seen or 'none'}")

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)


@pytest.fixture
def cut_off(new_platform):
    """A service whose database is at the end of a wire."""
    platform = new_platform
    wire = Wire(platform.postgres.port)
    platform.database_port = wire.port
    yield platform.start_services(), wire
    wire.close()


@pytest.mark.parametrize("way", ["cut", "stall"])
@pytest.mark.parametrize(("service", "path"), PATHS.items())
def test_an_outage_is_told_at_once_and_over_within_seconds(cut_off, service, path, way):
    platform, wire = cut_off
    token = platform.login()
    running = platform.service(service)
    traffic = Traffic(running, path, token)
    try:
        traffic.wait_for(200, 0, 10, how_many=20)

        getattr(wire, way)()
        away = time.monotonic()
        traffic.wait_for(503, away, 2 * QUICK_S)
        assert running.get("/health").status_code == 200
        ready = running.get("/ready")
        assert ready.status_code == 503 and "database" in ready.text, ready.text
        # Also what comes much later is answered in time.
        traffic.wait_for(503, time.monotonic(), 2 * QUICK_S)

        wire.mend()
        back = time.monotonic()
        traffic.wait_for(200, back, 5.0)
        healthy = time.monotonic()
        traffic.wait_for(200, healthy, 5.0, how_many=50)
    finally:
        traffic.end()
    assert running.get("/ready").status_code == 200
    assert not traffic.broken, traffic.broken[:3]
    for began, took, answer in traffic.answers:
        if answer.status_code != 200:
            problem = answer.json()
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) >= 1
            assert problem["status"] == 503 and problem["code"] and problem["request_id"]
            assert "postgres" not in answer.text.lower(), "the cause is for the log"
        assert took < QUICK_S, f"{answer.status_code} after {took:.1f} s"
        if began >= healthy:
            assert answer.status_code == 200, answer.text
    assert running.process.alive(), "the same process all along"


def test_a_service_waits_for_its_database_at_start(new_platform):
    platform = new_platform
    wire = Wire(platform.postgres.port)
    try:
        wire.cut()
        url = platform.database_url("auth", wire.port)
        running = platform.spawn("auth", platform.auth_port, DATABASE_URL=url)
        deadline = time.monotonic() + 10
        while "waiting for the database" not in running.process.output():
            assert time.monotonic() < deadline and running.process.alive(), running.process.output()
            time.sleep(0.05)
        wire.mend()
        while True:
            try:
                if running.get("/ready").status_code == 200:
                    break
            except requests.ConnectionError:
                assert time.monotonic() < deadline + 10 and running.process.alive(), running.process.output()
                time.sleep(0.05)
    finally:
        wire.close()

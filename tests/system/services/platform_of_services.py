"""Starts PostgreSQL, Redis, `ilenia auth` and `ilenia events` as real processes on free ports."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests

from harness import REPOSITORY, Process, free_port, ilenia_binary, wait_for_http

SERVICES = ("auth", "events", "live", "livekit")
# Found nowhere but in these tests.
DATABASE_PASSWORDS = {service: f"database password of {service}/'%" for service in SERVICES}
ADMIN = ("root@example.org", "the password of the first administrator")
CLIENT = ("live-service", "a client secret for tests only")
KEY_SECRET = "a secret for tests that encrypts the signing keys"


class Postgres:
    """A cluster of one's own, with what `deploy/postgres/init.sql` makes."""

    def __init__(self, directory: Path):
        self.directory = directory
        script = [REPOSITORY / "scripts/postgres.sh", "start", directory]
        started = subprocess.run(script, check=True, stdout=subprocess.PIPE, text=True, timeout=90)
        self.url = started.stdout.strip()
        self.port = int(self.url.rsplit(":", 1)[1].split("/")[0])
        self._numbers = itertools.count(1)

    def initialise(self, administrator: str | None = None) -> None:
        """Runs init.sql, as `administrator` (a URL) or the superuser."""
        passwords = {f"ILENIA_{name.upper()}_PASSWORD": word for name, word in DATABASE_PASSWORDS.items()}
        command = ["psql", "-X", "-q", "-f", REPOSITORY / "deploy/postgres/init.sql", administrator or self.url]
        subprocess.run(command, check=True, env=os.environ | passwords, timeout=60, stdout=subprocess.DEVNULL)

    def service_url(self, service: str, database: str | None = None, port: int | None = None) -> str:
        """`DATABASE_URL` of a service."""
        password = quote(DATABASE_PASSWORDS[service], safe="")
        host = f"127.0.0.1:{port or self.port}"
        return f"postgres://ilenia_{service}_user:{password}@{host}/{database or f'ilenia_{service}'}"

    def another_database(self, service: str) -> str:
        """Makes one more empty database of a service's user; returns its name."""
        name = f"ilenia_{service}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER ilenia_{service}_user")
        return name

    def execute(self, statement: str, url: str | None = None) -> str:
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url or self.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self) -> None:
        subprocess.run([REPOSITORY / "scripts/postgres.sh", "stop", self.directory], check=True, timeout=60)


class Redis:
    """A Redis server that keeps nothing."""

    def __init__(self, directory: Path):
        self.port = free_port()
        arguments = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        arguments += ["--save", "", "--appendonly", "no", "--dir", str(directory)]
        self.process = Process("redis", arguments, directory / "redis.log").start()
        deadline = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < deadline and self.process.alive(), self.process.output()
            time.sleep(0.02)
        self.url = f"redis://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        command = ["redis-cli", "-p", str(self.port), "PING"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() == "PONG"

    def stop(self) -> None:
        self.process.stop()


@dataclass
class Running:
    """One service that serves."""

    name: str
    url: str
    process: Process

    def get(self, path: str, **options) -> requests.Response:
        return self.call("GET", path, **options)

    def call(self, method: str, path: str, token: str | None = None, **options) -> requests.Response:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.url + path, headers=headers, timeout=30, **options)

    def specification(self) -> dict:
        return self.get("/openapi.json").json()


class Platform:
    """auth-service and events-service on databases of their own."""

    def __init__(self, postgres: Postgres, redis: Redis, directory: Path):
        self.postgres, self.redis, self.directory = postgres, redis, directory
        directory.mkdir(parents=True, exist_ok=True)
        self.databases = {name: postgres.another_database(name) for name in ("auth", "events")}
        self.auth_port = free_port()
        self.auth_url = f"http://127.0.0.1:{self.auth_port}"
        self.running: list[Running] = []

    def environment(self, service: str, database_port: int | None = None) -> dict[str, str]:
        common = {
            "LISTEN_HOST": "127.0.0.1",
            "USE_DATABASE": "true",
            "DATABASE_URL": self.postgres.service_url(service, self.databases[service], database_port),
            "MIGRATE_ON_START": "true",
            "REDIS_URL": self.redis.url,
            "AUTH_ISSUER": self.auth_url,
            "AUTH_SERVICE_URL": self.auth_url,
            "ILENIA_LOG": "info",
        }
        if service == "auth":
            common |= {
                "AUTH_KEY_SECRET": KEY_SECRET,
                "BOOTSTRAP_ADMIN_EMAIL": ADMIN[0],
                "BOOTSTRAP_ADMIN_PASSWORD": ADMIN[1],
                "OAUTH_LIVE_SERVICE_CLIENT_ID": CLIENT[0],
                "OAUTH_LIVE_SERVICE_CLIENT_SECRET": CLIENT[1],
                # All tests sign in from one address.
                "LOGIN_FAILURES_PER_IP": "100000",
            }
        return common

    def spawn(self, service: str, port: int | None = None, **variables: str) -> Running:
        """Starts a service without waiting for it."""
        port = port or free_port()
        port_name = {"auth": "AUTH_SERVICE_PORT", "events": "EVENTS_SERVICE_PORT"}[service]
        environment = self.environment(service) | {port_name: str(port)} | variables
        log = self.directory / f"{service}-{len(self.running)}.log"
        process = Process(service, [str(ilenia_binary()), service], log, environment).start()
        running = Running(service, f"http://127.0.0.1:{port}", process)
        self.running.append(running)
        return running

    def start(self, service: str, port: int | None = None, **variables: str) -> Running:
        """Starts a service and waits until it is ready."""
        running = self.spawn(service, port, **variables)
        wait_for_http(f"{running.url}/ready", running.process)
        return running

    def start_both(self, **variables: str) -> Platform:
        self.auth = self.start("auth", self.auth_port, **variables)
        self.events = self.start("events", **variables)
        return self

    def service(self, name: str) -> Running:
        return {"auth": self.auth, "events": self.events}[name]

    def login(self, email: str = ADMIN[0], password: str = ADMIN[1]) -> str:
        """An access token."""
        answer = self.auth.call("POST", "/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def service_token(self, client: tuple[str, str] = CLIENT) -> str:
        form = {"grant_type": "client_credentials"}
        answer = self.auth.call("POST", "/oauth/token", data=form, auth=client)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def stop(self) -> None:
        for running in self.running:
            if running.process.alive():
                running.process.child.terminate()
        for running in self.running:
            with contextlib.suppress(AssertionError):
                running.process.stop()

    def report(self) -> str:
        """The end of every process' output, for a test that failed."""
        logs = [f"--- {running.name} {running.url}\n{running.process.output()[-4000:]}" for running in self.running]
        return "\n".join(logs)

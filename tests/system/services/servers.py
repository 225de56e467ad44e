"""PostgreSQL and Redis for tests: real servers on free ports."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from harness import REPOSITORY, Process, free_port

DATABASES = ("auth", "events", "live", "livekit")
# Found nowhere but in these tests.
DATABASE_PASSWORDS = {name: f"database password of {name}/'%" for name in DATABASES}


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
        """`DATABASE_URL` of a service, which is called as its database is: `live` is live-service's."""
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
    """A Redis server that keeps nothing; started again, it is empty and on the same port."""

    def __init__(self, directory: Path):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        arguments = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        arguments += ["--save", "", "--appendonly", "no", "--dir", str(directory)]
        self.process = Process("redis", arguments, directory / "redis.log")
        self.start()

    def start(self) -> None:
        self.process.start()
        deadline = time.monotonic() + 20
        while self.command("PING") != "PONG":
            assert time.monotonic() < deadline and self.process.alive(), self.process.output()
            time.sleep(0.02)

    def command(self, *words: str) -> str:
        """What it answers to a command; nothing when it is away."""
        command = ["redis-cli", "-p", str(self.port), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        self.process.stop()

"""Starts `ilenia auth`, `events`, `provider` and `orchestrator` as real processes on free ports, with a LiveKit server."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import requests

from harness import API_KEY, API_SECRET, LiveKit, Process, free_port, ilenia_binary, wait_for_http
from servers import Postgres, Redis

# Each service as `ilenia` calls it: the variable of its port, and its database.
SERVICES = {
    "auth": ("AUTH_SERVICE_PORT", "auth"),
    "events": ("EVENTS_SERVICE_PORT", "events"),
    "provider": ("LIVEKIT_PROVIDER_PORT", "livekit"),
    "orchestrator": ("LIVE_SERVICE_PORT", "live"),
}
ADMIN = ("root@example.org", "the password of the first administrator")
CLIENT = ("live-service", "a client secret for tests only")
PROVIDER_CLIENT = ("livekit-provider", "the other client's secret, for tests only")
KEY_SECRET = "a secret for tests that encrypts the signing keys"


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
    """All services, each on a database of its own. Nothing is started yet."""

    def __init__(self, postgres: Postgres, redis: Redis, directory: Path, models: str = "http://127.0.0.1:9"):
        """Agents ask the models at `models`, where nobody needs to be while nobody speaks."""
        self.postgres, self.redis, self.directory, self.models = postgres, redis, directory, models
        directory.mkdir(parents=True, exist_ok=True)
        self.databases = {name: postgres.another_database(database) for name, (_, database) in SERVICES.items()}
        # Where the services reach PostgreSQL, when not directly.
        self.database_port: int | None = None
        self.ports = {name: free_port() for name in SERVICES}
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}
        self.auth_port, self.auth_url = self.ports["auth"], self.urls["auth"]
        self.livekit = LiveKit(directory, f"{self.urls['provider']}/v2/livekit/webhook")
        # What is to be ended, in that order.
        self.processes: list[Process] = []
        self.running: list[Running] = []
        self.services: dict[str, Running] = {}

    def database_url(self, service: str, port: int | None = None) -> str:
        _, database = SERVICES[service]
        return self.postgres.service_url(database, self.databases[service], port or self.database_port)

    def environment(self, service: str, database_port: int | None = None) -> dict[str, str]:
        common = {
            "LISTEN_HOST": "127.0.0.1",
            "USE_DATABASE": "true",
            "DATABASE_URL": self.database_url(service, database_port),
            "MIGRATE_ON_START": "true",
            "REDIS_URL": self.redis.url,
            "AUTH_ISSUER": self.auth_url,
            "AUTH_SERVICE_URL": self.auth_url,
            "ILENIA_LOG": "info",
        }
        peers = {
            "EVENTS_SERVICE_URL": self.urls["events"],
            "LIVEKIT_PROVIDER_URL": self.urls["provider"],
            "LIVE_SERVICE_URL": self.urls["orchestrator"],
        }
        client = {"OAUTH_LIVE_SERVICE_CLIENT_ID": CLIENT[0], "OAUTH_LIVE_SERVICE_CLIENT_SECRET": CLIENT[1]}
        provider_client = {
            "OAUTH_LIVEKIT_PROVIDER_CLIENT_ID": PROVIDER_CLIENT[0],
            "OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET": PROVIDER_CLIENT[1],
        }
        livekit = {
            "LIVEKIT_URL": self.livekit.url, "LIVEKIT_API_KEY": API_KEY, "LIVEKIT_API_SECRET": API_SECRET,
        }
        models = {
            "HF_ASR_URL": f"{self.models}/asr", "HF_MT_URL": f"{self.models}/v1", "HF_TTS_URL": f"{self.models}/tts",
        }
        first_administrator = {
            "AUTH_KEY_SECRET": KEY_SECRET,
            "BOOTSTRAP_ADMIN_EMAIL": ADMIN[0],
            "BOOTSTRAP_ADMIN_PASSWORD": ADMIN[1],
            # All tests sign in from one address.
            "LOGIN_FAILURES_PER_IP": "100000",
        }
        own = {
            "auth": first_administrator | client | provider_client,
            "events": {},
            "provider": peers | provider_client | livekit,
            "orchestrator": peers | client | models | {"AGENT_SPAWNER": "local"},
        }
        return common | own[service]

    def spawn(self, service: str, port: int | None = None, **variables: str) -> Running:
        """Starts a service without waiting for it."""
        port = port or free_port()
        environment = self.environment(service) | {SERVICES[service][0]: str(port)} | variables
        log = self.directory / f"{service}-{len(self.running)}.log"
        process = Process(service, [str(ilenia_binary()), service], log, environment).start()
        running = Running(service, f"http://127.0.0.1:{port}", process)
        self.running.append(running)
        self.processes.append(process)
        return running

    def start(self, service: str, port: int | None = None, **variables: str) -> Running:
        """Starts a service and waits until it is ready."""
        running = self.spawn(service, port, **variables)
        wait_for_http(f"{running.url}/ready", running.process)
        return running

    def start_services(self, *names: str, **variables: str) -> Platform:
        """Starts these services, or all, where the others look for them, and the LiveKit server when it is needed."""
        names = names or tuple(SERVICES)
        if "provider" in names:
            self.processes.append(self.livekit.start())
        for name in names:
            self.services[name] = self.spawn(name, self.ports[name], **variables)
        for name in names:
            wait_for_http(f"{self.urls[name]}/ready", self.services[name].process)
        return self

    def service(self, name: str) -> Running:
        return self.services[name]

    @property
    def auth(self) -> Running:
        return self.services["auth"]

    @property
    def events(self) -> Running:
        return self.services["events"]

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
        for process in self.processes:
            if process.alive():
                process.child.terminate()
        for process in self.processes:
            with contextlib.suppress(AssertionError):
                process.stop()

    def report(self) -> str:
        """The end of every process' output, for a test that failed."""
        logs = [f"--- {running.name} {running.url}\n{running.process.output()[-4000:]}" for running in self.running]
        return "\n".join(logs)

"""Two customers with people of every role, and something of every kind."""

from __future__ import annotations

import time

import requests

from platform_of_services import ADMIN, SERVICES, Platform
from specification import Specification

PASSWORD = "a password of people in tests"
ROLES = ("admin", "manager", "speaker", "listener")


class World:
    """What the customer `ours` has; `other_admin` administers another."""

    def __init__(self, platform: Platform):
        self.platform = platform
        self.specifications = {name: Specification(platform.service(name).specification()) for name in SERVICES}
        self.short_lived = self._short_lived_token()
        self.tokens: dict[str, str | None] = {"anonymous": None, "root": platform.login()}
        # What stands for each parameter of a path.
        self.named: dict[str, str] = {"permission": "events:read"}
        self._make_people()
        self._make_event()
        self._make_session()

    def ask(self, who: str, service: str, method: str, path: str, **options) -> requests.Response:
        return self.platform.service(service).call(method, path, self.tokens[who], **options)

    def make(self, who: str, service: str, path: str, body: dict) -> dict:
        answer = self.ask(who, service, "POST", path, json=body)
        assert answer.status_code in (200, 201, 204), f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def _short_lived_token(self) -> tuple[str, float]:
        """A token that ends within a second, and when that is."""
        instance = self.platform.start("auth", ACCESS_TTL_SECONDS="1")
        login = {"email": ADMIN[0], "password": ADMIN[1]}
        token = instance.call("POST", "/login", json=login).json()["access_token"]
        instance.process.stop()
        return token, time.time() + 1

    def _make_people(self) -> None:
        ours = self.make("root", "auth", "/customers", {"name": "Ours"})["customer_id"]
        theirs = self.make("root", "auth", "/customers", {"name": "Theirs"})["customer_id"]
        self.named["customer_id"] = ours
        self.users: dict[str, str] = {}
        people = [(role, role, ours) for role in ROLES] + [("other_admin", "admin", theirs), ("target", "listener", ours)]
        for name, role, customer in people:
            email = f"{name.replace('_', '-')}@example.org"
            user = {
                "email": email, "display_name": f"The {name}", "password": PASSWORD, "roles": [role],
                "customer_id": customer,
            }
            self.users[name] = self.make("root", "auth", "/users", user)["user_id"]
            self.tokens[name] = self.platform.login(email, PASSWORD)
        self.named["user_id"] = self.users["target"]
        role = {"name": "proof-reader", "description": "Corrects", "permissions": ["events:read", "transcripts:*"]}
        self.named["name"] = self.make("admin", "auth", "/roles", role)["name"]
        client = {"client_id": "archive", "name": "Archive", "scopes": ["events:read"]}
        self.named["client_id"] = self.make("admin", "auth", "/clients", client)["client_id"]
        custom = {"effect": "add", "reason": "Stands in for somebody."}
        path = f"/users/{self.users['speaker']}/permissions/analytics:read"
        assert self.ask("admin", "auth", "PUT", path, json=custom).ok
        self.tokens["service"] = self.platform.service_token()

    def _make_event(self) -> None:
        channel = {
            "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"], "record": True,
            "glossary": {"ca-ES": {"assembly": "assemblea"}},
        }
        event = {
            "title": "The spring assembly", "starts_at": "2030-05-01T18:00:00+02:00",
            "ends_at": "2030-05-01T21:00:00+02:00", "timezone": "Europe/Madrid", "channels": [channel],
        }
        made = self.make("manager", "events", "/events", event)
        self.named["event_id"] = str(made["event_id"])
        self.named["channel_id"] = str(made["channels"][0]["channel_id"])
        base = f"/events/{made['event_id']}"
        speaker = {"user_id": self.users["speaker"], "channel_id": made["channels"][0]["channel_id"]}
        self.make("manager", "events", f"{base}/speakers", speaker)
        self.make("manager", "events", f"{base}/listeners", {"user_id": self.users["listener"]})
        for state in ("scheduled", "ready"):
            self.make("manager", "events", f"{base}/state", {"state": state})
        specification = self.specifications["events"]
        for path, member in (("/templates", "template_id"), (f"{base}/sessions", "session_id")):
            pattern = path.replace(base, "/events/{event_id}")
            operation = next(o for o in specification.operations if (o.method, o.path) == ("POST", pattern))
            who = "service" if member == "session_id" else "manager"
            self.named[member] = self.make(who, "events", path, specification.example_body(operation))[member]

    def _make_session(self) -> None:
        """A session that is over, in an event that is over: to start or stop it again changes nothing."""
        event = self.specifications["events"].example_body(self.specifications["events"].operation("create_event"))
        made = self.make("manager", "events", "/events", event)
        base, channel = f"/events/{made['event_id']}", made["channels"][0]["channel_id"]
        speaker = {"user_id": self.users["speaker"], "channel_id": channel}
        self.make("manager", "events", f"{base}/speakers", speaker)
        self.make("manager", "events", f"{base}/listeners", {"user_id": self.users["listener"]})
        self.make("manager", "events", f"{base}/state", {"state": "scheduled"})
        self.over = {"event_id": made["event_id"], "channel_id": channel}
        session = self.make("manager", "orchestrator", "/sessions/start", self.over)
        self.over_session = {"event_id": made["event_id"], "session_id": session["session_id"]}
        self.make("manager", "orchestrator", "/sessions/stop", self.over_session)
        deadline = time.monotonic() + 30
        while (event := self.ask("manager", "events", "GET", base).json())["state"] != "completed":
            assert time.monotonic() < deadline, f"an event whose session was stopped is {event['state']}"
            time.sleep(0.1)

    def path_of(self, service: str, operation) -> str:
        """The operation's path with what there is in this world."""
        # Who is taken off the event has to be on it.
        assigned = {"unassign_speaker": "speaker", "unassign_listener": "listener"}.get(operation.id)
        named = self.named | ({"user_id": self.users[assigned]} if assigned else {})
        if service == "orchestrator":
            named |= {"session_id": self.over_session["session_id"], "language": "es-ES"}
        return operation.path.format(**named)

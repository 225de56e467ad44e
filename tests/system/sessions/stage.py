"""All services with people who hold an event: everything goes through HTTP and LiveKit's SDK, as a client's would."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import requests

from cuttable_wire import Wire
from faulty_proxy import FaultyProxy
from harness import until
from peer import Listener, Speaker
from platform_of_services import Platform
from server_sent_events import EventStream

PASSWORD = "a password of people on a stage"
SOURCE, TARGETS = "en-US", ("es-ES", "ca-ES")
LANGUAGES = (SOURCE, *TARGETS)
AGENTS = {"agent-asr"} | {f"agent-mt-{language}" for language in TARGETS}
# Of our customer, and of another.
OURS = {
    "manager": "manager", "second_manager": "manager", "speaker": "speaker", "other_speaker": "speaker",
    "listener": "listener", "second_listener": "listener", "unassigned": "listener",
}
THEIRS = {"their_manager": "manager"}


class Person:
    """Somebody with an account."""

    def __init__(self, platform: Platform, user_id: str, token: str):
        self.platform, self.user_id, self.token = platform, user_id, token

    async def ask(self, method: str, service: str, path: str, **options) -> requests.Response:
        """What the service answers, whatever it is; speech goes on meanwhile."""
        running = self.platform.service(service)
        return await asyncio.to_thread(running.call, method, path, self.token, **options)

    async def get(self, service: str, path: str, **options):
        """The JSON of a good answer."""
        return good(await self.ask("GET", service, path, **options))

    async def post(self, service: str, path: str, body: dict | None = None):
        return good(await self.ask("POST", service, path, json=body))

    async def delete(self, service: str, path: str) -> None:
        good(await self.ask("DELETE", service, path))


def good(answer: requests.Response):
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


@dataclass
class Event:
    id: int
    channels: list[int]

    @property
    def channel(self) -> int:
        return self.channels[0]


class Stage:
    """`engines` stand behind `proxy`; the services reach PostgreSQL over `wire`."""

    def __init__(self, platform: Platform, proxy: FaultyProxy, wire: Wire):
        self.platform, self.proxy, self.wire = platform, proxy, wire
        self.people: dict[str, Person] = {}
        self.present: list[Listener | Speaker] = []

    async def fill(self) -> Stage:
        """Makes the people, who sign in."""
        root = Person(self.platform, "", await asyncio.to_thread(self.platform.login))
        for customer, people in (("Ours", OURS), ("Theirs", THEIRS)):
            customer_id = (await root.post("auth", "/customers", {"name": customer}))["customer_id"]
            made = await asyncio.gather(*(self._person(root, customer_id, *one) for one in people.items()))
            self.people |= dict(zip(people, made, strict=True))
        return self

    async def _person(self, root: Person, customer_id: str, name: str, role: str) -> Person:
        email = f"{name.replace('_', '-')}@example.org"
        user = {
            "email": email, "display_name": f"The {name.replace('_', ' ')}", "password": PASSWORD, "roles": [role],
            "customer_id": customer_id,
        }
        user_id = (await root.post("auth", "/users", user))["user_id"]
        return Person(self.platform, user_id, await asyncio.to_thread(self.platform.login, email, PASSWORD))

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    async def event(self, channels: int = 1) -> Event:
        """A ready event of our manager, with its people assigned: `other_speaker` to its last channel."""
        manager = self["manager"]
        channel = {"source_language": SOURCE, "target_languages": list(TARGETS), "speech": True}
        body = {
            "title": "The spring assembly", "starts_at": "2030-05-01T18:00:00+02:00",
            "ends_at": "2030-05-01T21:00:00+02:00", "timezone": "Europe/Madrid",
            "channels": [channel | {"name": f"Stage {number}"} for number in range(1, channels + 1)],
        }
        made = await manager.post("events", "/events", body)
        event = Event(made["event_id"], [one["channel_id"] for one in made["channels"]])
        speakers = {"speaker": event.channel} | ({"other_speaker": event.channels[-1]} if channels > 1 else {})
        for name, channel_id in speakers.items():
            assigned = {"user_id": self[name].user_id, "channel_id": channel_id}
            await manager.post("events", f"/events/{event.id}/speakers", assigned)
        for name in ("listener", "second_listener"):
            await manager.post("events", f"/events/{event.id}/listeners", {"user_id": self[name].user_id})
        for state in ("scheduled", "ready"):
            await manager.post("events", f"/events/{event.id}/state", {"state": state})
        return event

    async def start(self, event: Event, who: str = "manager") -> dict:
        """Starts the session of the event's first channel."""
        body = {"event_id": event.id, "channel_id": event.channel}
        return await self[who].post("orchestrator", "/sessions/start", body)

    async def stop(self, event: Event, session: dict) -> dict:
        body = {"event_id": event.id, "session_id": session["session_id"]}
        return await self["manager"].post("orchestrator", "/sessions/stop", body)

    async def speaker(self, event: Event, who: str = "speaker") -> Speaker:
        """In the room, with a microphone."""
        body = {"event_id": event.id, "channel_id": event.channel, "role": "speaker"}
        given = await self[who].post("provider", "/rooms/create-or-join", body)
        return await self._join(Speaker(given["livekit_token"]), given)

    async def listener(self, event: Event, language: str, who: str = "listener") -> Listener:
        """In the room, follows a language."""
        body = {"event_id": event.id, "role": "listener", "language": language}
        given = await self[who].post("provider", "/rooms/join", body)
        assert given["channel_id"] == event.channel
        return await self._join(Listener(given["livekit_token"]), given)

    async def _join(self, person, given: dict):
        assert given["livekit_url"] == self.platform.livekit.url
        self.present.append(person)
        return await person.join(given["livekit_url"])

    async def playing(self, channels: int = 1) -> Play:
        """A session that runs: its agents and its speaker are in the room, and a listener of each language."""
        event = await self.event(channels)
        session = await self.start(event)
        listeners = dict(zip(LANGUAGES, await asyncio.gather(*(self.listener(event, one) for one in LANGUAGES)), strict=True))
        await agents_are_in(listeners[SOURCE])
        return Play(self, event, session, await self.speaker(event), listeners)

    def watch(self, event: Event, who: str = "manager") -> EventStream:
        """The event's stream of state, counts and captions."""
        return EventStream(f"{self.platform.urls['orchestrator']}/events/{event.id}/watch", self[who].token)

    def follow(self, session: dict, language: str, who: str = "listener", last_id: str | None = None) -> EventStream:
        """What is said in a language, after what the reader has."""
        url = f"{self.platform.urls['orchestrator']}/sessions/{session['session_id']}/segments?language={language}"
        return EventStream(url, self[who].token, last_id)

    async def empty(self) -> None:
        """Everybody leaves."""
        await asyncio.gather(*(person.leave() for person in self.present))
        self.present.clear()


@dataclass
class Play:
    """A session that runs, and who is in its room."""

    stage: Stage
    event: Event
    session: dict
    speaker: Speaker
    listeners: dict[str, Listener]

    @property
    def id(self) -> str:
        return self.session["session_id"]

    async def log(self, language: str, who: str = "manager") -> list[dict]:
        """The session's history in a language, page by page: its segments in the order of the media clock."""
        segments, after = [], "0"
        while True:
            params = {"language": language, "after": after}
            page = await self.stage[who].get("orchestrator", f"/sessions/{self.id}/segments", params=params)
            if not page["items"]:
                return sorted(segments, key=lambda segment: segment["start_ms"])
            segments += [item["segment"] for item in page["items"]]
            after = page["next_cursor"]

    async def log_of(self, language: str, count: int, within: float) -> list[dict]:
        """The history once it has that many segments."""
        deadline = time.monotonic() + within
        while len(log := await self.log(language)) < count:
            assert time.monotonic() < deadline, f"{len(log)} of {count} segments in {language} after {within} s: {log}"
            await asyncio.sleep(0.2)
        return log

    async def stop(self) -> None:
        await self.stage.stop(self.event, self.session)
        await self.stage.empty()


async def agents_are_in(listener: Listener, within: float = 30) -> None:
    there = listener.room.remote_participants
    await until(lambda: AGENTS <= set(there), within, f"{AGENTS} in the room, not only {set(there)}")
    # Published by the agent that speaks.
    tracks = {f"translation-{language}" for language in TARGETS}
    await until(lambda: tracks <= set(listener.recordings), within, f"{tracks} are subscribed")

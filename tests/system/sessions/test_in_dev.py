"""The same inside `ilenia dev`: the demonstration's accounts hold the demonstration's event."""

import asyncio
import re

import pytest
import requests

from harness import Process, ilenia_binary, livekit_binary, until
from peer import Listener, Speaker
from stage import good
from talk import SENTENCES, apertium, make_talk

EVENT, CHANNEL = 123_457, 1


@pytest.fixture
def dev(tmp_path):
    """The address of the site."""
    arguments = [str(ilenia_binary()), "dev", "--any-ports"]
    environment = {"LIVEKIT_SERVER_BIN": livekit_binary()}
    process = Process("dev", arguments, tmp_path / "dev.log", environment).start()
    yield process
    process.stop(30)


class Account:
    """One of the demonstration's, at the site's public routes."""

    def __init__(self, site: str, name: str):
        self.site = site
        login = {"email": f"{name}@example.org", "password": "ilenia-demo"}
        self.token = good(requests.post(f"{site}/api/auth/login", json=login, timeout=30))["access_token"]

    async def post(self, path: str, body: dict) -> dict:
        headers = {"authorization": f"Bearer {self.token}"}
        return good(await asyncio.to_thread(requests.post, self.site + path, json=body, headers=headers, timeout=30))

    async def get(self, path: str):
        headers = {"authorization": f"Bearer {self.token}"}
        return good(await asyncio.to_thread(requests.get, self.site + path, headers=headers, timeout=30))


async def test_the_demonstration_event_is_held_with_the_demonstration_accounts(dev, tmp_path):
    talk = make_talk(SENTENCES[:2], tmp_path)
    await until(lambda: "Ready." in dev.output(), 60, "ilenia dev is ready")
    site = re.search(r"Services +(http://127\.0\.0\.1:\d+)", dev.output()).group(1)
    manager, speaker, listener = (Account(site, name) for name in ("manager", "speaker", "listener"))

    join = {"event_id": EVENT, "role": "listener", "language": "es-ES"}
    given = await listener.post("/api/livekit/rooms/join", join)
    audience = await Listener(given["livekit_token"]).join(given["livekit_url"])
    speak = {"event_id": EVENT, "channel_id": CHANNEL, "role": "speaker"}
    given = await speaker.post("/api/livekit/rooms/create-or-join", speak)
    on_stage = await Speaker(given["livekit_token"]).join(given["livekit_url"])
    try:
        start = {"event_id": EVENT, "channel_id": CHANNEL}
        session = await manager.post("/api/live-service/sessions/start", start)
        wanted = {"agent-asr", "agent-mt-es-ES"}
        await until(lambda: wanted <= set(audience.room.remote_participants), 30, f"{wanted} in the room")
        await on_stage.say(talk.samples)
        await until(lambda: len(audience.finals("es-ES")) >= 2, 20, "two Spanish captions")
        english = [caption.text for caption in audience.finals("en-US")]
        assert [c.text for c in audience.finals("es-ES")] == [apertium(text, "eng-spa") for text in english]
        body = {"event_id": EVENT, "session_id": session["session_id"]}
        await manager.post("/api/live-service/sessions/stop", body)
        states = []
        for _ in range(100):
            states.append((await manager.get(f"/api/events/events/{EVENT}"))["state"])
            if states[-1] == "completed":
                break
            await asyncio.sleep(0.1)
        assert states[-1] == "completed", states
    finally:
        await asyncio.gather(audience.leave(), on_stage.leave())

"""An independent LiveKit client: Google's WebRTC, through LiveKit's Python SDK."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
from livekit import api, rtc

from harness import API_KEY, API_SECRET

TOPIC = "lk.transcription"


def token(room: str, identity: str, *, publish: bool) -> str:
    grants = api.VideoGrants(
        room_join=True, room=room, can_publish=publish, can_publish_data=False, can_subscribe=True,
        can_update_own_metadata=True,
    )
    return api.AccessToken(API_KEY, API_SECRET).with_identity(identity).with_grants(grants).to_jwt()


@dataclass
class Caption:
    text: str
    sender: str
    attributes: dict[str, str]
    at: float

    @property
    def id(self) -> str:
        return self.attributes["lk.segment_id"]

    @property
    def language(self) -> str:
        return self.attributes["language"]

    @property
    def final(self) -> bool:
        return self.attributes["lk.transcription_final"] == "true"


@dataclass
class Recording:
    """What one subscribed audio track gave: 10 ms frames at 16 000 Hz, each with its time of arrival."""

    participant: str
    name: str
    started: float
    frames: list[np.ndarray] = field(default_factory=list)

    @property
    def samples(self) -> np.ndarray:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.int16)


class Listener:
    """Joins the room of its token, keeps every caption and every audio track."""

    def __init__(self, token: str):
        self.token = token
        self.room = rtc.Room()
        self.captions: list[Caption] = []
        self.recordings: dict[str, Recording] = {}
        self.tasks: set[asyncio.Task] = set()

    async def join(self, url: str) -> Listener:
        self.room.register_text_stream_handler(TOPIC, self._on_stream)
        self.room.on("track_subscribed", self._on_track)
        await self.room.connect(url, self.token)
        return self

    async def leave(self) -> None:
        """Leaves the room; does nothing the second time."""
        await self.room.disconnect()
        for task in self.tasks:
            task.cancel()

    def finals(self, language: str) -> list[Caption]:
        """The final captions of a language that have text, by time of speech."""
        chosen = [c for c in self.captions if c.final and c.language == language and c.text]
        return sorted(chosen, key=lambda c: int(c.attributes["start_ms"]))

    def interims(self, language: str) -> list[Caption]:
        return [c for c in self.captions if not c.final and c.language == language]

    def attributes_of(self, identity: str) -> dict[str, str]:
        participant = self.room.remote_participants.get(identity)
        return dict(participant.attributes) if participant else {}

    def _on_stream(self, reader: rtc.TextStreamReader, identity: str) -> None:
        self._spawn(self._read(reader, identity))

    async def _read(self, reader: rtc.TextStreamReader, identity: str) -> None:
        text = await reader.read_all()
        self.captions.append(Caption(text, identity, dict(reader.info.attributes or {}), time.monotonic()))

    def _on_track(self, track: rtc.Track, publication: rtc.RemoteTrackPublication, who: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._spawn(self._record(track, publication.name, who.identity))

    async def _record(self, track: rtc.Track, name: str, identity: str) -> None:
        stream = rtc.AudioStream(track, sample_rate=16_000, num_channels=1)
        recording = self.recordings[name] = Recording(identity, name, time.monotonic())
        async for event in stream:
            recording.frames.append(np.frombuffer(event.frame.data, dtype=np.int16).copy())

    def _spawn(self, work) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Speaker:
    """Joins the room of its token and publishes samples in real time as its microphone."""

    def __init__(self, token: str, rate_hz: int = 16_000):
        self.token, self.rate_hz = token, rate_hz
        self.room = rtc.Room()
        self.source = rtc.AudioSource(rate_hz, 1, queue_size_ms=200)

    async def join(self, url: str) -> Speaker:
        await self.room.connect(url, self.token)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self.source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        return self

    async def say(self, samples: np.ndarray) -> float:
        """Plays the samples to their end; returns when they began (monotonic seconds)."""
        begun, step = time.monotonic(), self.rate_hz // 100
        for at in range(0, len(samples) - len(samples) % step, step):
            piece = samples[at : at + step]
            await self.source.capture_frame(rtc.AudioFrame(piece.tobytes(), self.rate_hz, 1, step))
        await self.source.wait_for_playout()
        return begun

    async def leave(self) -> None:
        """Leaves the room; does nothing the second time."""
        await self.room.disconnect()


class People:
    """The peers of one test; whoever is still there at its end leaves then."""

    def __init__(self, url: str):
        self.url = url
        self.present: list[Listener | Speaker] = []

    async def listener(self, room: str, identity: str = "listener-test") -> Listener:
        return await self._join(Listener(token(room, identity, publish=False)))

    async def speaker(self, room: str, identity: str = "speaker-test") -> Speaker:
        return await self._join(Speaker(token(room, identity, publish=True)))

    async def leave(self) -> None:
        await asyncio.gather(*(person.leave() for person in self.present))

    async def _join(self, person):
        self.present.append(person)
        return await person.join(self.url)

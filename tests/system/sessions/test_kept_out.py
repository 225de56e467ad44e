"""Wrong people are kept out of rooms and sessions, and those who lose the right are put out."""

import asyncio
import base64
import contextlib
import hashlib
import json
import time

import jwt
import pytest
from livekit import api, rtc

from harness import API_KEY, API_SECRET, until
from peer import TOPIC
from platform_of_services import ADMIN
from stage import SOURCE
from talk import SENTENCES, make_talk

LEEWAY_S = 30


@pytest.fixture(scope="module")
def expired(stage):
    """A good token that ends within a second, and when that is."""
    instance = stage.platform.start("auth", ACCESS_TTL_SECONDS="1")
    login = {"email": ADMIN[0], "password": ADMIN[1]}
    token = instance.call("POST", "/login", json=login).json()["access_token"]
    instance.process.stop()
    return token, time.time() + 1


# `expired` begins here and is used at the end: it takes its time to expire.
async def test_nobody_gets_a_token_for_a_room_that_is_not_theirs(stage, expired):
    event = await stage.event(channels=2)
    join = {"event_id": event.id, "role": "listener"}
    speak = {"event_id": event.id, "channel_id": event.channel, "role": "speaker"}
    agent = {"event_id": event.id, "channel_id": event.channel, "agent_type": "asr"}
    start = {"event_id": event.id, "channel_id": event.channel}
    service = stage.platform.service_token()
    cases = [
        ("unassigned", "provider", "/rooms/join", join, (404,)),
        ("unassigned", "provider", "/rooms/create-or-join", speak, (403,)),
        ("unassigned", "orchestrator", f"/live/{event.id}/es-ES/join", None, (404,)),
        ("listener", "provider", "/rooms/create-or-join", speak, (403,)),
        ("listener", "orchestrator", "/sessions/start", start, (403,)),
        ("other_speaker", "provider", "/rooms/create-or-join", speak, (403,)),
        ("other_speaker", "orchestrator", "/sessions/start", start, (403,)),
        ("their_manager", "provider", "/rooms/join", join, (404,)),
        ("their_manager", "provider", "/rooms/create-or-join", speak, (404,)),
        ("their_manager", "provider", "/rooms/close", {"event_id": event.id}, (404,)),
        ("their_manager", "orchestrator", "/sessions/start", start, (404,)),
        ("manager", "provider", "/agents/token", agent, (403,)),
        ("speaker", "provider", "/agents/token", agent, (403,)),
    ]
    wrong = []
    for who, name, path, body, statuses in cases:
        answer = await stage[who].ask("POST", name, path, json=body)
        if answer.status_code not in statuses:
            wrong.append(f"{who} at {path}: {answer.status_code} {answer.text[:200]}, not {statuses}")
        elif answer.headers["content-type"] != "application/problem+json":
            wrong.append(f"{who} at {path}: {answer.headers['content-type']}")
    for name, path, body in (("provider", "/rooms/join", join), ("provider", "/rooms/create-or-join", speak)):
        answer = stage.platform.service(name).call("POST", path, service, json=body)
        if answer.status_code != 403:
            wrong.append(f"a service at {path}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    # Who is assigned to the other channel speaks there.
    there = speak | {"channel_id": event.channels[1]}
    assert (await stage["other_speaker"].post("provider", "/rooms/create-or-join", there))["livekit_token"]


async def test_webhooks_that_the_livekit_server_did_not_sign_are_refused(stage):
    body = json.dumps({"event": "room_finished", "id": "EV_forged", "room": {"name": "event-123456-channel-1"}})
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    now = int(time.time())
    claims = {"iss": API_KEY, "nbf": now - 5, "exp": now + 60, "sha256": digest}
    signatures = {
        "none": None,
        "another secret": jwt.encode(claims, "another secret that is long enough for the algorithm"),
        "another key": jwt.encode(claims | {"iss": "otherkey"}, API_SECRET),
        "another body": jwt.encode(claims | {"sha256": base64.b64encode(b"0" * 32).decode()}, API_SECRET),
        "no body": jwt.encode({"iss": API_KEY, "exp": now + 60}, API_SECRET),
        "expired": jwt.encode(claims | {"exp": now - 600}, API_SECRET),
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "a token of ours": stage.platform.login(),
    }
    provider = stage.platform.service("provider")
    for name, signature in signatures.items():
        headers = {"content-type": "application/webhook+json"} | ({"authorization": signature} if signature else {})
        answer = provider.call("POST", "/v2/livekit/webhook", data=body, headers=headers)
        assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text}"
    # The same with the right signature is taken, also twice.
    headers = {"content-type": "application/webhook+json", "authorization": jwt.encode(claims, API_SECRET)}
    for _ in range(2):
        answer = provider.call("POST", "/v2/livekit/webhook", data=body, headers=headers)
        assert answer.status_code == 200, answer.text


def claims_of(token: str) -> dict:
    return jwt.decode(token, API_SECRET, algorithms=["HS256"])


async def test_tokens_name_one_room_and_live_ten_minutes(stage):
    event = await stage.event()
    room = f"event-{event.id}-channel-{event.channel}"
    speak = {"event_id": event.id, "channel_id": event.channel, "role": "speaker"}
    given = [
        await stage["listener"].post("provider", "/rooms/join", {"event_id": event.id, "role": "listener"}),
        await stage["speaker"].post("provider", "/rooms/create-or-join", speak),
    ]
    service = stage.platform.service_token()
    for kind, language in (("asr", None), ("mt", "es-ES"), ("recorder", None), ("bridge", None)):
        body = {"event_id": event.id, "channel_id": event.channel, "agent_type": kind}
        body |= {"language": language} if language else {}
        answer = stage.platform.service("provider").call("POST", "/agents/token", service, json=body)
        assert answer.status_code == 200, answer.text
        given.append(answer.json())
    claims = [claims_of(one["livekit_token"]) for one in given]
    for one, said in zip(given, claims, strict=True):
        assert one["room_name"] == said["video"]["room"] == room and said["video"]["roomJoin"]
        assert 0 < said["exp"] - time.time() <= 600
        rights = {"roomAdmin", "roomCreate", "roomList", "roomRecord", "ingressAdmin", "agent"}
        assert not any(said["video"].get(right) for right in rights), said
    listener, speaker, asr, mt, recorder, bridge = claims
    assert listener["sub"].startswith(f"listener-{stage['listener'].user_id}-")
    assert speaker["sub"] == f"speaker-{stage['speaker'].user_id}"
    names = [one["sub"] for one in (asr, mt, recorder, bridge)]
    assert names == ["agent-asr", "agent-mt-es-ES", "agent-recorder", "agent-bridge"]
    assert all(one["kind"] == "agent" for one in (asr, mt, recorder, bridge))
    may = {
        name: (said["video"].get("canPublish", True), said["video"].get("canPublishData", True))
        for name, said in (("listener", listener), ("speaker", speaker), ("asr", asr), ("mt", mt), ("recorder", recorder))
    }
    assert may == {
        "listener": (False, False), "speaker": (True, False), "asr": (False, True), "mt": (True, True),
        "recorder": (False, False),
    }
    assert recorder["video"]["hidden"] and bridge["video"]["hidden"] and not asr["video"].get("hidden")


async def attempt(work) -> None:
    """Refused by the client, by the server, or without effect: what counts is that others see nothing of it."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(work, 5)


async def forge(room: rtc.Room, speaker: str) -> None:
    """Tries everything that only an agent may do."""
    me = room.local_participant
    attributes = {
        "lk.segment_id": "SG_forged", "lk.transcription_final": "true", "language": SOURCE, "translated": "false",
        "state": "final", "start_ms": "0", "end_ms": "1", "revision": "0", "source_language": SOURCE,
    }
    await attempt(me.publish_data(b"forged", reliable=True, topic=TOPIC))
    await attempt(me.send_text("forged", topic=TOPIC, attributes=attributes))
    segment = rtc.TranscriptionSegment(id="SG_forged", text="forged", start_time=0, end_time=1, language="en", final=True)
    await attempt(me.publish_transcription(rtc.Transcription(participant_identity=speaker, track_sid="TR_x", segments=[segment])))


async def test_a_listener_can_neither_speak_nor_send_nor_forge_a_caption(stage, tmp_path):
    play = await stage.playing()
    witness, intruder = play.listeners[SOURCE], await stage.listener(play.event, SOURCE, "second_listener")
    seen = []
    witness.room.on("data_received", lambda packet: seen.append(packet.data))
    witness.room.on("transcription_received", lambda *what: seen.append(what))
    speaker = f"speaker-{stage['speaker'].user_id}"
    source = rtc.AudioSource(16_000, 1)
    track = rtc.LocalAudioTrack.create_audio_track("translation-es-ES-too", source)
    await attempt(intruder.room.local_participant.publish_track(track, rtc.TrackPublishOptions()))
    await forge(intruder.room, speaker)
    await forge(play.speaker.room, speaker)
    # What was sent before the talk would have been there before its captions.
    talk = make_talk(SENTENCES[:1], tmp_path)
    await play.speaker.say(talk.samples)
    await until(lambda: witness.finals(SOURCE), 15, "a caption")
    assert not seen and "forged" not in [caption.text for caption in witness.captions]
    there = witness.room.remote_participants[intruder.room.local_participant.identity]
    assert not there.track_publications, "nothing of a listener can be heard"
    assert len(await play.log_of(SOURCE, 1, 5)) == 1
    await play.stop()


async def test_who_is_not_assigned_any_more_is_put_out_within_seconds(stage):
    event = await stage.event()
    listener, other = await stage.listener(event, "es-ES"), await stage.listener(event, "ca-ES", "second_listener")
    speaker = await stage.speaker(event)
    gone: dict[str, int] = {}
    for name, person in (("listener", listener), ("other", other), ("speaker", speaker)):
        person.room.on("disconnected", lambda reason, name=name: gone.setdefault(name, reason))
    manager = stage["manager"]
    await manager.delete("events", f"/events/{event.id}/listeners/{stage['listener'].user_id}")
    await until(lambda: "listener" in gone, 5, "the listener is put out")
    await manager.delete("events", f"/events/{event.id}/speakers/{stage['speaker'].user_id}/{event.channel}")
    await until(lambda: "speaker" in gone, 5, "the speaker is put out")
    assert gone["listener"] == gone["speaker"] == rtc.DisconnectReason.PARTICIPANT_REMOVED
    assert "other" not in gone and other.room.isconnected()
    body = {"event_id": event.id, "role": "listener"}
    assert (await stage["listener"].ask("POST", "provider", "/rooms/join", json=body)).status_code == 404
    await stage.empty()


async def test_an_expired_token_opens_nothing(stage, expired):
    event = await stage.event()
    token, ends = expired
    await asyncio.sleep(max(0.0, ends + LEEWAY_S + 1 - time.time()))
    channel = {"event_id": event.id, "channel_id": event.channel}
    for name, path, body in (
        ("provider", "/rooms/join", {"event_id": event.id, "role": "listener"}),
        ("provider", "/agents/token", channel | {"agent_type": "asr"}),
        ("orchestrator", "/sessions/start", channel),
    ):
        answer = stage.platform.service(name).call("POST", path, token, json=body)
        assert answer.status_code == 401, f"{path}: {answer.status_code} {answer.text}"

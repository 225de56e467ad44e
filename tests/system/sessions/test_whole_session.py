"""An event from the manager's login to `completed`, through HTTP and LiveKit's SDK alone."""

import asyncio
import hashlib
import time
from datetime import datetime, timedelta

import srt
import webvtt

from harness import until
from judging import MODES, check_log, check_said_once, voiced_seconds
from stage import AGENTS, LANGUAGES, SOURCE, TARGETS, agents_are_in
from talk import SENTENCES, apertium, make_talk

LINE_CHARACTERS, LINES, CUE_S = 42, 2, 7.0


async def test_an_event_is_held_from_a_login_to_completed(stage, tmp_path):
    before, after = (make_talk(SENTENCES[i : i + 3], tmp_path, pause_s=0.9) for i in (0, 3))
    event = await stage.event()
    manager, listener = stage["manager"], stage["listener"]
    speaker = await stage.speaker(event)

    # Two managers press at once: one session, at once.
    begun = time.monotonic()
    session, same = await asyncio.gather(stage.start(event), stage.start(event, "second_manager"))
    assert time.monotonic() - begun < 5
    assert session["session_id"] == same["session_id"] and session["status"] == "active"
    agents = {(agent["agent_type"], agent["language"]) for agent in session["agents"]}
    assert agents == {("asr", SOURCE)} | {("mt", language) for language in TARGETS}
    assert (await manager.get("events", f"/events/{event.id}"))["state"] == "live"
    assert (await stage.start(event))["session_id"] == session["session_id"]

    async with stage.watch(event) as watch:
        people = {SOURCE: "listener", "es-ES": "second_listener", "ca-ES": "listener"}
        joined = await asyncio.gather(*(stage.listener(event, *one) for one in people.items()))
        audience = dict(zip(people, joined, strict=True))
        await agents_are_in(audience[SOURCE])
        await until(lambda: watch.last("listeners") == dict.fromkeys(LANGUAGES, 1), 10, "three listeners are counted")
        agents = {agent["agent_id"]: agent["status"] for agent in watch.last("state")["sessions"][0]["agents"]}
        assert agents == dict.fromkeys(AGENTS, "active")
        stats = await manager.get("orchestrator", f"/live/{event.id}/stats")
        assert stats == dict.fromkeys(LANGUAGES, 1)

        begun = await speaker.say(before.samples)
        spoken_at = time.time() - (time.monotonic() - begun)
        for language, who in audience.items():
            await until(lambda n=who, lang=language: len(n.finals(lang)) >= 3, 20, f"three captions in {language}")
        check_said_once([c.text for c in audience[SOURCE].finals(SOURCE)], [s.text for s in before.sentences])
        for language in TARGETS:
            english, translated = audience[language].finals(SOURCE), audience[language].finals(language)
            assert [c.text for c in translated] == [apertium(c.text, MODES[language]) for c in english]
            track = audience[language].recordings[f"translation-{language}"]
            await until(lambda t=track: voiced_seconds(t.samples) > 3, 20, f"the talk is heard in {language}")

        # The fourth comes late: what was said so far, then what comes, without a gap or a double.
        path = f"/sessions/{session['session_id']}/segments"
        history = await listener.get("orchestrator", path, params={"language": "es-ES"})
        told = history["items"]
        assert [one["segment"]["text"] for one in told] == [c.text for c in audience["es-ES"].finals("es-ES")]
        saying = asyncio.create_task(speaker.say(after.samples))
        # The connection is lost once meanwhile, and the reader goes on where it was.
        for count in (4, 6):
            async with stage.follow(session, "es-ES", last_id=told[-1]["cursor"]) as late:
                await until(lambda n=count, s=late: len(told + s.of("segment")) >= n, 20, "captions of the late listener")
            told += late.of("segment")
        await saying
        await until(lambda: len(audience["ca-ES"].finals("ca-ES")) >= 6, 20, "six Catalan captions")
        await until(lambda: len(watch.of("caption")) >= 18, 10, "six captions in each of three languages")
        assert [one["segment"]["text"] for one in told] == [c.text for c in audience["es-ES"].finals("es-ES")]
        assert [one["position"] for one in told] == sorted({one["position"] for one in told})

        began = time.monotonic()
        stopped = await stage.stop(event, session)
        assert time.monotonic() - began < 10 and stopped["session_id"] == session["session_id"]
        await event_is(manager, event, "completed")
        assert (await stage.stop(event, session))["session_id"] == session["session_id"], "a stop may be repeated"
        await until(lambda: "completed" in [s["state"] for s in watch.of("state")], 10, "the end is told")
    await stage.empty()

    sentences = [sentence.text for sentence in before.sentences + after.sentences]
    await check_record(manager, event, session)
    started_at = datetime.fromisoformat(session["started_at"]).timestamp()
    starts = [spoken_at - started_at + sentence.start_s for sentence in before.sentences]
    await check_subtitles(manager, session, sentences, starts)


async def event_is(person, event, state: str, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while (now := (await person.get("events", f"/events/{event.id}"))["state"]) != state:
        assert time.monotonic() < deadline, f"the event is {now}, not {state}, after {within} s"
        await asyncio.sleep(0.1)


async def check_record(manager, event, session) -> None:
    records = (await manager.get("events", f"/events/{event.id}/sessions"))["items"]
    assert [record["session_id"] for record in records] == [session["session_id"]]
    record = records[0]
    assert record["status"] == "ended" and record["channel_id"] == event.channel
    started, ended = (datetime.fromisoformat(record[name]) for name in ("started_at", "ended_at"))
    assert started == datetime.fromisoformat(session["started_at"])
    assert 20 < (ended - started).total_seconds() < 120
    assert {agent["agent_id"] for agent in record["agents"]} == {agent["agent_id"] for agent in session["agents"]}
    assert all(agent["ended_at"] and agent["restarts"] == 0 for agent in record["agents"])
    assert record["peak_listeners"] == dict.fromkeys(LANGUAGES, 1)
    artefacts = {(artefact["language"], artefact["format"]) for artefact in record["artefacts"]}
    assert artefacts >= {(language, form) for language in LANGUAGES for form in ("srt", "vtt")}
    for artefact in record["artefacts"]:
        answer = await manager.ask("GET", "orchestrator", artefact["url"])
        assert answer.status_code == 200 and len(answer.content) == artefact["bytes"], artefact
        assert hashlib.sha256(answer.content).hexdigest() == artefact["sha256"], artefact


async def check_subtitles(manager, session, sentences: list[str], starts: list[float]) -> None:
    path = f"/sessions/{session['session_id']}/transcript"
    english = await manager.get("orchestrator", path, params={"language": SOURCE, "format": "json"})
    for language in LANGUAGES:
        log = await manager.get("orchestrator", path, params={"language": language, "format": "json"})
        check_log(log["segments"], english["segments"])
        texts = [segment["text"] for segment in log["segments"]]
        files = {}
        for form in ("srt", "vtt", "txt"):
            answer = await manager.ask("GET", "orchestrator", path, params={"language": language, "format": form})
            good_text(answer)
            files[form] = answer.text
        cues = list(srt.parse(files["srt"], ignore_errors=False))
        others = webvtt.from_string(files["vtt"]).captions
        assert [plain(cue.text) for cue in others] == [plain(text) for text in texts]
        # SubRip has no place for a name but the text, where somebody begins to speak.
        name = log["segments"][0].get("speaker_name")
        named = [f"{name}: {texts[0]}" if name else texts[0], *texts[1:]]
        assert [plain(cue.content) for cue in cues] == [plain(text) for text in named]
        assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
        if language == SOURCE:
            check_said_once([plain(cue.text) for cue in others], sentences)
        assert all(text in plain(files["txt"]) for text in map(plain, texts))
        for cue, other in zip(cues, others, strict=True):
            times = [cue.start.total_seconds(), cue.end.total_seconds()]
            assert times == [seconds(other.start), seconds(other.end)], (cue, other)
            lines = cue.content.splitlines()
            assert len(lines) <= LINES and max(map(len, lines)) <= LINE_CHARACTERS, cue.content
            assert 0 < times[1] - times[0] <= CUE_S
        for cue, start in zip(cues, starts, strict=False):
            assert abs(cue.start.total_seconds() - start) < 1.0, f"{cue} is of {start:.2f} s"


def good_text(answer) -> None:
    assert answer.ok, f"{answer.url}: {answer.status_code} {answer.text}"
    answer.encoding = "utf-8"


def seconds(timestamp: str) -> float:
    """Of 00:01:02.345, exactly."""
    hours, minutes, rest = timestamp.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes), milliseconds=round(float(rest) * 1000)).total_seconds()


def plain(text: str) -> str:
    return " ".join(text.split())

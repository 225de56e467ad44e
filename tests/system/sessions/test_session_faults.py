"""Parts of the platform go away in mid-session while the talk goes on: what was said is kept, each sentence once."""

import asyncio
import time

from harness import until
from judging import check_log, check_said_once
from stage import LANGUAGES, SOURCE, TARGETS, Play, agents_are_in
from talk import SENTENCES, make_talk

BACK_WITHIN_S = 5


async def everything_is_kept(play: Play, sentences: list[str], within: float = 30) -> None:
    """In the log, in every language: each sentence once, in order."""
    logs = {language: await play.log_of(language, len(sentences), within) for language in LANGUAGES}
    check_said_once([one["text"] for one in logs[SOURCE]], sentences)
    for log in logs.values():
        check_log(log, logs[SOURCE])


async def goes_on(play: Play, seen, before: int, what: str) -> None:
    """Something came that was not there `before`, in time after the part was there again."""
    await until(lambda: seen() > before, BACK_WITHIN_S, f"captions go on after {what}")


def texts(talk) -> list[str]:
    return [sentence.text for sentence in talk.sentences]


async def test_redis_may_forget_everything_and_be_away(stage, tmp_path):
    talk = make_talk(SENTENCES[:7], tmp_path, pause_s=0.8)
    redis = stage.platform.redis
    play = await stage.playing()
    spanish = play.listeners["es-ES"]
    async with stage.follow(play.session, "es-ES") as watch:
        saying = asyncio.create_task(play.speaker.say(talk.samples))
        await until(lambda: watch.of("segment"), 15, "the first Spanish caption")
        assert redis.command("FLUSHALL") == "OK"
        count = len(watch.of("segment"))
        await until(lambda: len(watch.of("segment")) > count + 1, 12, "captions go on after Redis forgot everything")

        redis.kill()
        count = len(spanish.finals("es-ES"))
        await until(lambda: len(spanish.finals("es-ES")) > count, 10, "captions do not wait for Redis")
        redis.start()
        count = len(watch.of("segment"))
        await goes_on(play, lambda: len(watch.of("segment")), count, "Redis was started again")
        await saying
        await everything_is_kept(play, texts(talk))
        await until(lambda: len(watch.of("segment")) >= len(talk.sentences), 10, "the watcher got all captions")
        log = await play.log("es-ES")
        assert [one["segment"] for one in watch.of("segment")] == log
    await play.stop()


async def test_nothing_is_lost_while_postgresql_is_away_for_10_s(stage, tmp_path):
    talk = make_talk(SENTENCES[:7], tmp_path, pause_s=0.8)
    play = await stage.playing()
    saying = asyncio.create_task(play.speaker.say(talk.samples))
    english = play.listeners[SOURCE]
    await until(lambda: english.finals(SOURCE), 15, "the first caption")
    stage.wire.cut()
    away, count = time.monotonic(), len(english.finals(SOURCE))
    try:
        await until(lambda: len(english.finals(SOURCE)) > count, 10, "captions do not wait for the database")
        await asyncio.sleep(max(0.0, away + 10 - time.monotonic()))
    finally:
        stage.wire.mend()
    # What was said meanwhile is in the log at once.
    await play.log_of(SOURCE, len(english.finals(SOURCE)), BACK_WITHIN_S)
    await saying
    await everything_is_kept(play, texts(talk))
    await play.stop()


async def test_a_session_survives_its_livekit_server(stage, tmp_path):
    before, after = (make_talk(SENTENCES[i : i + 2], tmp_path) for i in (0, 2))
    play = await stage.playing()
    await play.speaker.say(before.samples)
    # At once: the last sentence is being transcribed and translated.
    stage.platform.livekit.process.kill()
    await stage.empty()
    stage.platform.livekit.start()
    back = time.monotonic()
    listener = await stage.listener(play.event, "es-ES")
    await agents_are_in(listener, BACK_WITHIN_S - (time.monotonic() - back))
    speaker, other = await stage.speaker(play.event), await stage.listener(play.event, "ca-ES")
    await speaker.say(after.samples)
    for who, language in ((listener, "es-ES"), (other, "ca-ES")):
        await until(lambda n=who, lang=language: len(n.finals(lang)) >= 2, 15, f"two {language} captions")
    await everything_is_kept(play, texts(before) + texts(after))
    assert (await stage["manager"].get("orchestrator", f"/sessions/{play.id}"))["status"] == "active"
    await play.stop()


async def test_nothing_is_lost_while_the_models_are_away_for_30_s(stage, tmp_path):
    talk = make_talk(SENTENCES[:9], tmp_path, pause_s=0.8)
    play = await stage.playing()
    saying = asyncio.create_task(play.speaker.say(talk.samples))
    await until(lambda: play.listeners["ca-ES"].finals("ca-ES"), 15, "the first Catalan caption")
    stage.proxy.refuse_for(30)
    try:
        await saying
        count = {language: len(who.finals(language)) for language, who in play.listeners.items()}
        refused = stage.proxy.refused
        await until(lambda: stage.proxy.remaining() <= 0, 31, "the models are back")
    finally:
        stage.proxy.admit()
    assert refused > 3, "the models did refuse"
    for language, who in play.listeners.items():
        await goes_on(play, lambda n=who, lang=language: len(n.finals(lang)), count[language], f"an outage: {language}")
    await everything_is_kept(play, texts(talk), 60)
    await play.stop()


async def test_an_orchestrator_that_is_started_again_goes_on_and_translates_what_it_missed(stage, tmp_path):
    before, missed, after = (make_talk(SENTENCES[i : i + n], tmp_path) for i, n in ((0, 1), (1, 2), (3, 2)))
    play = await stage.playing()
    await play.speaker.say(before.samples)
    await play.log_of("ca-ES", 1, 15)
    # Said and written down, not translated: then the service ends and comes back.
    stage.proxy.refuse("/v1")
    try:
        await play.speaker.say(missed.samples)
        await play.log_of(SOURCE, 3, 15)
        running = stage.platform.service("orchestrator")
        assert await asyncio.to_thread(running.process.stop, 20) == 0, running.process.output()[-2000:]
        await asyncio.to_thread(stage.platform.start_services, "orchestrator")
    finally:
        stage.proxy.admit()
    back = time.monotonic()
    listener = play.listeners[SOURCE]
    await agents_are_in(listener, 10)
    for language in TARGETS:
        await play.log_of(language, 3, max(1.0, back + 15 - time.monotonic()))
    await play.speaker.say(after.samples)
    await everything_is_kept(play, texts(before) + texts(missed) + texts(after))
    session = await stage["manager"].get("orchestrator", f"/sessions/{play.id}")
    assert session["status"] == "active" and session["started_at"] == play.session["started_at"]
    await play.stop()


async def test_a_language_that_nobody_follows_costs_nothing_and_comes_back(stage, tmp_path):
    first, unheard, again = (make_talk(SENTENCES[i : i + n], tmp_path, 0.8) for i, n in ((0, 1), (1, 3), (4, 2)))
    play = await stage.playing()
    await play.speaker.say(first.samples)
    await play.log_of("ca-ES", 1, 15)

    await play.listeners["ca-ES"].leave()
    left = time.monotonic()
    await play.speaker.say(unheard.samples)
    await play.log_of("es-ES", 4, 15)
    late = [asked for asked in stage.proxy.translations("ca-ES") if asked.at > left + BACK_WITHIN_S]
    assert not late, f"asked {[f'{asked.at - left:.1f} s' for asked in late]} after the last listener left"
    assert time.monotonic() - left > BACK_WITHIN_S + 3, "something was said after that time"

    asked = len(stage.proxy.translations("ca-ES"))
    listener = await stage.listener(play.event, "ca-ES")
    await play.speaker.say(again.samples)
    await until(lambda: len(listener.finals("ca-ES")) >= 2, 15, "Catalan is back with the next segment")
    assert len(stage.proxy.translations("ca-ES")) - asked == 2, "what nobody heard is not translated later"
    check_said_once([one["text"] for one in await play.log_of(SOURCE, 6, 10)], texts(first) + texts(unheard) + texts(again))
    await play.stop()

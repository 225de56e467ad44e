"""What breaks in mid-talk: the endpoints, the LiveKit server, the speaker's connection."""

import asyncio

from faulty_proxy import FaultyProxy
from harness import until
from talk import SENTENCES, make_talk, word_errors
from test_first_light import agents_are_there, start_agents


async def test_nothing_is_lost_while_every_endpoint_answers_503_for_20_s(stack, people, tmp_path):
    talk = make_talk(SENTENCES[:8], tmp_path, pause_s=0.8)
    stack.start_livekit()
    stack.start_engines()
    async with FaultyProxy(stack.engines_url) as proxy:
        stack.asr_url, stack.mt_url, stack.tts_url = proxy.url + "/asr", proxy.url + "/v1", proxy.url + "/tts"
        stack.agent("cold", "asr", "en-US")
        stack.agent("cold", "mt", "es-ES", "--speech")
        stack.agent("cold", "mt", "ca-ES")
        listener = await people.listener("cold")
        await agents_are_there(listener)
        speaker = await people.speaker("cold")
        saying = asyncio.ensure_future(speaker.say(talk.samples))
        await until(lambda: listener.finals("es-ES"), 20, "the first Spanish caption")
        proxy.refuse_for(20)
        await saying
        for language in ("en-US", "es-ES", "ca-ES"):
            await until(lambda lang=language: len(listener.finals(lang)) >= 8, 60, f"eight captions in {language}")
        assert proxy.refused > 3, "the endpoints did refuse"
        assert word_errors(talk.text, " ".join(c.text for c in listener.finals("en-US"))) <= 2


async def test_captions_go_on_after_the_livekit_server_was_restarted(stack, people, tmp_path):
    before, after = (make_talk(SENTENCES[i : i + 3], tmp_path) for i in (0, 3))
    start_agents(stack, "restart")
    listener = await people.listener("restart")
    await agents_are_there(listener)
    speaker = await people.speaker("restart")
    await speaker.say(before.samples)
    await until(lambda: len(listener.finals("es-ES")) >= 3, 30, "three Spanish captions")

    stack.livekit.process.kill()
    await asyncio.sleep(2)
    stack.start_livekit()
    # People come back as new clients: what is under test is that the agents do.
    await speaker.leave()
    await listener.leave()
    listener = await people.listener("restart", "listener-again")
    await until(
        lambda: {"agent-asr", "agent-mt-es-ES", "agent-mt-ca-ES"} <= set(listener.room.remote_participants), 60,
        "the agents are back",
    )
    await until(lambda: "translation-es-ES" in listener.recordings, 20, "the Spanish track is back")
    speaker = await people.speaker("restart")
    await speaker.say(after.samples)
    await until(lambda: len(listener.finals("ca-ES")) >= 3, 30, "three Catalan captions after the restart")
    heard = " ".join(c.text for c in listener.finals("en-US"))
    assert word_errors(after.text, heard) <= 2, heard


async def test_a_speaker_may_leave_and_return(stack, people, tmp_path):
    parts = [make_talk(SENTENCES[i : i + 2], tmp_path) for i in (0, 2)]
    start_agents(stack, "return")
    listener = await people.listener("return")
    await agents_are_there(listener)
    for n, part in enumerate(parts, 1):
        speaker = await people.speaker("return")
        await speaker.say(part.samples)
        await speaker.leave()
        await until(lambda count=2 * n: len(listener.finals("ca-ES")) >= count, 30, f"captions of visit {n}")
        await asyncio.sleep(1)
    english = listener.finals("en-US")
    heard = " ".join(c.text for c in english)
    assert word_errors(" ".join(part.text for part in parts), heard) <= 2, heard
    starts = [int(c.attributes["start_ms"]) for c in english]
    assert starts[2] - starts[1] > 1000, "the second visit is placed on the media clock by wall time"

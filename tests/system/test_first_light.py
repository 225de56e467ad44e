"""The main job: an English talk, spoken into a room, is read in three languages and heard in Spanish."""

import asyncio
import json
import subprocess
import urllib.request
import wave

import numpy as np

from harness import until
from talk import RATE_HZ, SENTENCES, apertium, make_talk, word_errors, words

LANGUAGES = ["en-US", "es-ES", "ca-ES"]


def transcribe(url: str, path) -> str:
    """What the engine itself hears in a WAV file."""
    request = urllib.request.Request(url, path.read_bytes(), {"content-type": "audio/wav"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["text"]


def synthesize(url: str, text: str, language: str) -> np.ndarray:
    """What the engine itself says, at 16 000 Hz."""
    body = json.dumps({"inputs": text, "parameters": {"language": language}}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        audio = answer.read()
    command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-ac", "1", "-ar", str(RATE_HZ), "-"]
    raw = subprocess.run(command, input=audio, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.int16)


def envelope(samples: np.ndarray, window_ms: int = 20) -> np.ndarray:
    """Root mean square per window."""
    n = RATE_HZ * window_ms // 1000
    whole = samples[: len(samples) // n * n].astype(np.float64).reshape(-1, n)
    return np.sqrt((whole**2).mean(axis=1))


def start_agents(stack, room):
    stack.start_livekit()
    stack.start_engines()
    stack.agent(room, "asr", "en-US")
    stack.agent(room, "mt", "es-ES", "--speech")
    stack.agent(room, "mt", "ca-ES")


async def agents_are_there(listener):
    wanted = {"agent-asr", "agent-mt-es-ES", "agent-mt-ca-ES"}
    await until(lambda: wanted <= set(listener.room.remote_participants), 30, f"{wanted} in the room")
    await until(lambda: "translation-es-ES" in listener.recordings, 15, "the Spanish track is subscribed")


async def test_a_talk_becomes_captions_in_three_languages_and_a_spanish_voice(stack, people, tmp_path):
    talk = make_talk(SENTENCES[:11], tmp_path)
    assert len(talk.sentences) >= 10
    start_agents(stack, "talk")
    listener = await people.listener("talk")
    await agents_are_there(listener)
    speaker = await people.speaker("talk")

    begun = await speaker.say(talk.samples)
    expected = len(talk.sentences)
    for language in LANGUAGES:
        await until(lambda lang=language: len(listener.finals(lang)) >= expected, 30, f"{expected} {language} captions")
    english, spanish, catalan = (listener.finals(language) for language in LANGUAGES)

    # English: at most 5 % of words wrong, and at most two words worse than the engine on the clean file.
    heard = " ".join(caption.text for caption in english)
    errors = word_errors(talk.text, heard)
    clean = 0
    for n, sentence in enumerate(talk.sentences):
        path = make_talk([sentence.text], tmp_path, 0.3, 0.3).write(tmp_path / f"clean-{n}.wav")
        clean += word_errors(sentence.text, transcribe(stack.asr_url, path))
    assert errors <= 0.05 * len(words(talk.text)), heard
    assert errors <= clean + 2, f"{errors} errors in the room, {clean} on the clean file: {heard}"

    # One id in all languages, each final once, times of the speech itself.
    assert [c.id for c in english] == [c.id for c in spanish] == [c.id for c in catalan]
    assert len({c.id for c in english}) == len(english)
    for language in LANGUAGES:
        for caption in listener.finals(language):
            assert caption.sender == "speaker-test"
            assert caption.attributes["source_language"] == "en-US"
            assert caption.attributes["translated"] == ("false" if language == "en-US" else "true")
            assert caption.attributes["state"] == "final"
            assert caption.attributes["lk.transcribed_track_id"].startswith("TR_")
    starts = [int(c.attributes["start_ms"]) / 1000 for c in english]
    spoken_gaps = np.diff([s.start_s for s in talk.sentences])
    assert np.abs(np.diff(starts) - spoken_gaps).max() < 0.25, (np.diff(starts), spoken_gaps)
    assert listener.interims("en-US"), "interim captions come while a sentence is spoken"

    # Spanish and Catalan: Apertium's own translation of each English caption.
    for source, es, ca in zip(english, spanish, catalan, strict=True):
        assert es.text == apertium(source.text, "eng-spa")
        assert ca.text == apertium(source.text, "eng-cat")

    # The Spanish voice: every caption is spoken, in order, and nothing else is heard.
    assert listener.attributes_of("agent-mt-es-ES")["language"] == "es-ES"
    sentences = [synthesize(stack.tts_url, caption.text, "es-ES") for caption in spanish]
    recording = listener.recordings["translation-es-ES"]
    spoken_s = sum(len(s) for s in sentences) / RATE_HZ
    await until(
        lambda: voiced_seconds(recording.samples) > 0 and envelope(recording.samples)[-100:].max() < 50,
        spoken_s + 20, "the Spanish voice comes to its end",
    )
    assert_spoken(recording, spanish, sentences)
    assert begun < spanish[0].at


def voiced_seconds(samples: np.ndarray) -> float:
    return float((envelope(samples) > 150).sum() * 0.02)


def assert_spoken(recording, captions, sentences):
    """Finds each sentence in the recording by its loudness over time, in order, without overlap."""
    heard = envelope(recording.samples)
    covered = np.zeros(len(heard), bool)
    at = 0
    for caption, sentence in zip(captions, sentences, strict=True):
        wanted = envelope(sentence)
        voiced = np.flatnonzero(wanted > 150)
        wanted = wanted[voiced[0] : voiced[-1] + 1]
        scores = [
            np.corrcoef(heard[i : i + len(wanted)], wanted)[0, 1] if heard[i : i + len(wanted)].std() > 1 else 0.0
            for i in range(at, len(heard) - len(wanted) + 1)
        ]
        assert scores and max(scores) > 0.7, f"not heard: {caption.text!r} ({max(scores, default=0):.2f})"
        # The first place that fits nearly as well as the best one: the next sentence may be alike.
        found = at + next(i for i, score in enumerate(scores) if score > max(scores) - 0.02)
        covered[max(0, found - 5) : found + len(wanted) + 10] = True
        heard_at = recording.started + found * 0.02
        assert heard_at > caption.at - 0.5, f"spoken before its caption: {caption.text!r}"
        assert heard_at < caption.at + 12, f"spoken {heard_at - caption.at:.1f} s after its caption: {caption.text!r}"
        at = found + len(wanted)
    stray = heard[~covered]
    assert (stray > 150).sum() * 0.02 < 0.2, f"{(stray > 150).sum() * 0.02:.1f} s of sound outside the sentences"


async def test_say_and_listen_do_the_same_from_the_command_line(stack, people, tmp_path):
    talk = make_talk(SENTENCES[:4], tmp_path)
    file = talk.write(tmp_path / "talk.wav")
    stereo = tmp_path / "talk.ogg"
    subprocess.run(["ffmpeg", "-v", "error", "-i", file, "-ac", "2", "-ar", "44100", stereo], check=True)
    start_agents(stack, "cli")
    witness = await people.listener("cli", "listener-witness")
    await agents_are_there(witness)

    saved, srt = tmp_path / "es.wav", tmp_path / "es.srt"
    listen = stack.ilenia("listen", "listen", "--room", "cli", "--language", "es-ES", "--save", saved, "--srt", srt)
    await until(lambda: len(witness.room.remote_participants) == 4, 15, "ilenia listen is in the room")
    say = stack.ilenia("say", "say", "--room", "cli", "--file", stereo)
    await until(lambda: not say.alive(), talk.seconds + 20, "say ends by itself")
    assert say.stop() == 0, say.output()
    await until(lambda: len(witness.finals("es-ES")) >= 4, 20, "four Spanish captions")
    await until(
        lambda: envelope(witness.recordings["translation-es-ES"].samples)[-100:].max() < 50, 30, "the voice ends"
    )
    assert listen.stop() == 0, listen.output()

    heard = " ".join(c.text for c in witness.finals("en-US"))
    assert word_errors(talk.text, heard) <= 1, heard
    subtitles = " ".join(srt.read_text().split())
    for caption in witness.finals("es-ES"):
        assert caption.text in listen.output()
        assert " ".join(caption.text.split()) in subtitles, "whole, but for where the lines break"
    assert subtitles.count(" --> ") == 4
    with wave.open(str(saved)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        assert samples.astype(float).std() > 100, "the saved track is not silent"
        assert file.getnframes() / file.getframerate() > talk.seconds - 5
    for process in stack.processes:
        if process.name != "livekit":
            assert process.stop() == 0, f"{process.name} ends in good order: {process.output()[-1000:]}"


async def test_two_speakers_at_once_are_captioned_each_under_their_name(stack, people, tmp_path):
    first, second = (make_talk(SENTENCES[i : i + 3], tmp_path) for i in (0, 3))
    start_agents(stack, "two")
    listener = await people.listener("two")
    await agents_are_there(listener)
    ana = await people.speaker("two", "speaker-ana")
    ben = await people.speaker("two", "speaker-ben")
    await asyncio.gather(ana.say(first.samples), ben.say(second.samples))
    await until(lambda: len(listener.finals("ca-ES")) >= 6, 30, "six Catalan captions")
    for speaker, talk in (("speaker-ana", first), ("speaker-ben", second)):
        heard = " ".join(c.text for c in listener.finals("en-US") if c.sender == speaker)
        assert word_errors(talk.text, heard) <= 1, f"{speaker}: {heard}"
        assert len([c for c in listener.finals("es-ES") if c.sender == speaker]) == 3

"""The English talk of the system tests: made on the spot by flite, with the times of its sentences."""

from __future__ import annotations

import re
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness import REPOSITORY

RATE_HZ = 16_000
SENTENCES = [line.strip() for line in (REPOSITORY / "examples/talk-en.txt").read_text().splitlines() if line.strip()]


@dataclass
class Spoken:
    """One sentence, mono, 16 000 Hz, and where it begins in the talk."""

    text: str
    samples: np.ndarray
    start_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / RATE_HZ


@dataclass
class Talk:
    sentences: list[Spoken]
    samples: np.ndarray

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE_HZ

    def write(self, path: Path) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(self.samples.tobytes())
        return path


def speak(text: str, directory: Path) -> np.ndarray:
    path = directory / "sentence.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE_HZ and file.getnchannels() == 1
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def make_talk(sentences: list[str], directory: Path, pause_s: float = 1.2, lead_s: float = 1.0) -> Talk:
    """Speaks each sentence, with silence before, between and after."""
    pieces, spoken, at = [np.zeros(int(lead_s * RATE_HZ), np.int16)], [], lead_s
    for text in sentences:
        samples = speak(text, directory)
        spoken.append(Spoken(text, samples, at))
        pause = np.zeros(int(pause_s * RATE_HZ), np.int16)
        pieces += [samples, pause]
        at += (len(samples) + len(pause)) / RATE_HZ
    return Talk(spoken, np.concatenate(pieces))


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def word_errors(reference: str, heard: str) -> int:
    """The fewest words to insert, delete or replace (Levenshtein)."""
    a, b = words(reference), words(heard)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def apertium(text: str, mode: str) -> str:
    """Apertium's own translation, unknown words unmarked."""
    run = subprocess.run(["apertium", "-u", mode], input=text + "\n", capture_output=True, text=True, check=True)
    return run.stdout.strip()

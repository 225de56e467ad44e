"""Whether what was written down is what was said."""

from __future__ import annotations

import numpy as np

from talk import RATE_HZ, apertium, word_errors, words

MODES = {"es-ES": "eng-spa", "ca-ES": "eng-cat"}


def check_said_once(texts: list[str], sentences: list[str]) -> None:
    """Each sentence is one text, in order: none is lost, none comes twice, and nothing else was heard."""
    told = "\n".join(["said:", *sentences, "written down:", *texts])
    assert len(texts) == len(sentences), told
    for text, sentence in zip(texts, sentences, strict=True):
        # The engine may mishear a word.
        assert word_errors(sentence, text) <= max(1, len(words(sentence)) // 4), told


def check_log(log: list[dict], source: list[dict]) -> None:
    """The history of a language holds the segments of what was spoken: each once, in order, translated by Apertium."""
    assert [one["id"] for one in log] == [one["id"] for one in source]
    assert len({one["id"] for one in log}) == len(log)
    for translated, spoken in zip(log, source, strict=True):
        mode = MODES.get(translated["language"])
        assert translated["text"] == (apertium(spoken["text"], mode) if mode else spoken["text"])
        assert (translated["start_ms"], translated["end_ms"]) == (spoken["start_ms"], spoken["end_ms"])


def voiced_seconds(samples: np.ndarray, window_ms: int = 20) -> float:
    """How long one hears something."""
    n = RATE_HZ * window_ms // 1000
    windows = samples[: len(samples) // n * n].astype(np.float64).reshape(-1, n)
    return float((np.sqrt((windows**2).mean(axis=1)) > 150).sum() * window_ms / 1000)

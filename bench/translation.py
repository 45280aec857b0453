"""Translation of sentences, beside the bare package on the same ones."""

from __future__ import annotations

import random
import time
from typing import Any

from bench.http import row
from troupe.adapters.models.files import DEPLOYED, ModelFiles
from troupe.translation.engines.firefox import FirefoxTranslator
from troupe.translation.texts import translate

_SENTENCES = 1_000
_STARTS = ("The house", "Our teacher", "The train from Lisbon", "Your order", "The new station")
_VERBS = ("is close to", "was sold by", "arrives before", "looks a lot like", "belongs to")
_ENDS = ("the sea.", "an old friend of mine.", "the meeting on Thursday.", "the post office.")


def measure() -> list[dict[str, Any]]:
    sentences = _sentences()
    bare, ours = [], []
    for _ in range(2):  # in turn, because the machine may get slower
        bare.append(_bare(sentences))
        ours.append(_ours(sentences))
    return [
        row(f"translation of {_SENTENCES} sentences", min(ours), "s"),
        row("translation ÷ bare fxtranslate", min(ours) / min(bare), "x", limit=1.2),
    ]


def _sentences() -> list[str]:
    """All different, so that nothing is translated only once."""
    chosen = random.Random(1)
    return [
        f"{chosen.choice(_STARTS)} number {n} {chosen.choice(_VERBS)} {chosen.choice(_ENDS)}"
        for n in range(_SENTENCES)
    ]


def _bare(sentences: list[str]) -> float:
    from fxtranslate import Translator

    folder = DEPLOYED / "firefox" / "enpt"
    model, vocabulary, shortlist = (
        (folder / name).read_bytes()
        for name in (
            "model.enpt.intgemm.alphas.bin",
            "vocab.enpt.spm",
            "lex.50.50.enpt.s2t.bin",
        )
    )
    translator = Translator(model, vocabulary, vocabulary, shortlist)
    started = time.monotonic()
    for sentence in sentences:
        translator.translate_long(sentence)
    return time.monotonic() - started


def _ours(sentences: list[str]) -> float:
    translator = FirefoxTranslator(ModelFiles())
    deadline = time.monotonic() + 300
    translate(translator, ["Ready."], "en", "pt", deadline=deadline)
    started = time.monotonic()
    translate(translator, sentences, "en", "pt", deadline=deadline)
    seconds = time.monotonic() - started
    translator.close()
    return seconds

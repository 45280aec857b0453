"""The models of Firefox that are there: which pairs of languages, and their files.

A folder `firefox/PAIR` in a directory of models has a pair: `enpt` is English to Portuguese. Files
in the table of models are compared with their hashes; other folders, which an operator has put into
MODELS_DIR, are taken as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import MODELS
from troupe.translation.translator import Languages

PIVOT = "en"
_FOLDER = re.compile(r"[a-z]{4,6}")


@dataclass(frozen=True, slots=True)
class PairFiles:
    """The files of a pair, in the order of `fxtranslate.Translator`. A pair whose languages share
    a vocabulary has the same file twice."""

    model: Path
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None


class FirefoxModels:
    def __init__(self, files: ModelFiles) -> None:
        self._files = files

    def pairs(self) -> set[tuple[str, str]]:
        """The pairs of which there is a folder."""
        return {
            pair
            for directory in self._files.directories
            for folder in (directory / "firefox").glob("*")
            if (pair := _pair(folder))
        }

    def languages(self) -> Languages:
        """What the pairs make possible, one after another through English. Raises ModelMissing if
        there are none."""
        pairs = self.pairs()
        if not pairs:
            self.files("enpt")
        sources = {source for source, target in pairs if target == PIVOT}
        targets = {target for source, target in pairs if source == PIVOT}
        return Languages(
            tuple(sorted(sources | ({PIVOT} if targets else set()))),
            tuple(sorted(targets | ({PIVOT} if sources else set()))),
        )

    def fingerprint(self) -> str:
        """Eight hex digits for other models, by the sizes of their files."""
        sizes = sorted(
            (source + target, self._model(source + target).stat().st_size)
            for source, target in self.pairs()
        )
        return hashlib.sha256(repr(sizes).encode()).hexdigest()[:8]

    def route(self, source: str, target: str) -> list[str]:
        """The pairs to go through."""
        if (source, target) in self.pairs():
            return [source + target]
        return [source + PIVOT, PIVOT + target]

    def files(self, pair: str) -> PairFiles:
        """Raises ModelMissing."""
        names = _names(pair)
        if names[0] in MODELS:
            model, source, target, shortlist = (self._files.path(name) for name in names)
            return PairFiles(model, source, target, shortlist)
        model = self._model(pair)
        folder = model.parent
        own = folder / f"vocab.{pair}.spm"
        shared = own.is_file()
        shortlist = folder / Path(names[3]).name
        return PairFiles(
            model,
            own if shared else folder / f"srcvocab.{pair}.spm",
            own if shared else folder / f"trgvocab.{pair}.spm",
            shortlist if shortlist.is_file() else None,
        )

    def _model(self, pair: str) -> Path:
        """The main file of a pair that is there."""
        paths = (directory / _names(pair)[0] for directory in self._files.directories)
        return next(path for path in paths if path.is_file())


def _names(pair: str) -> tuple[str, str, str, str]:
    folder = f"firefox/{pair}"
    vocabulary = f"{folder}/vocab.{pair}.spm"
    return (
        f"{folder}/model.{pair}.intgemm.alphas.bin",
        vocabulary,
        vocabulary,
        f"{folder}/lex.50.50.{pair}.s2t.bin",
    )


def _pair(folder: Path) -> tuple[str, str] | None:
    """The languages of a folder that has a model. Every pair is from or to English."""
    name = folder.name
    model = folder / f"model.{name}.intgemm.alphas.bin"
    if not _FOLDER.fullmatch(name) or not model.is_file():
        return None
    if name.startswith(PIVOT):
        return PIVOT, name.removeprefix(PIVOT)
    return (name.removesuffix(PIVOT), PIVOT) if name.endswith(PIVOT) else None


def characters(vocabulary: bytes) -> frozenset[str] | None:
    """The characters of a SentencePiece vocabulary; None if it falls back to bytes, and so has all.

    The file is a protobuf message: repeated field 1 is a piece, with its text in field 1 and its
    type in field 3 (sentencepiece_model.proto).
    """
    found: set[str] = set()
    for number, piece in _fields(vocabulary):
        if number != 1 or not isinstance(piece, bytes):
            continue
        fields = dict(_fields(piece))
        if fields.get(3) == _BYTE:
            return None
        if fields.get(3, _NORMAL) == _NORMAL:
            text = fields[1]
            found.update(text.decode() if isinstance(text, bytes) else "")
    return frozenset(found)


_NORMAL, _BYTE = 1, 6  # types of pieces
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protobuf


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(message, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
            if kind == _BYTES:
                size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at

"""The embedded translator: its child process, its models, and texts that they stumble over."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.machine import slack
from tests.unit.translation.translators import FOR_MANY, into_portuguese, translator
from troupe.adapters.models.files import DEPLOYED, ModelFiles
from troupe.translation.engines.firefox import FirefoxTranslator
from troupe.translation.engines.firefox_models import FirefoxModels, characters
from troupe.translation.texts import translate
from troupe.translation.translator import TranslationError, TranslationRequest, Translator


@pytest.fixture(scope="module")
def firefox() -> Iterator[Translator]:
    with translator("firefox") as (made, _):
        yield made


def said(made: Translator, text: str) -> str:
    (only,) = into_portuguese(made, text).texts
    return only


def soon(seconds: float = FOR_MANY) -> float:
    return time.monotonic() + seconds


def children() -> set[int]:
    """The processes that this one has started."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Welcome back.", "Bem-vindo de volta."),
        ("The house is close to the sea.", "A casa é perto do mar."),
        ("\u201cDon\u2019t go,\u201d she said\u2026", '"Não vá", disse ela...'),
        ("It costs 5 € or $7.50, not £1,000.", "Custa 5 € ou $7.50, não £1,000."),
        ("Her name is Анна Müller.", "Seu nome é Анна Müller."),
        ("The sign says 出口 in red.", "A placa diz 出口 em vermelho."),
        ("<b>Hello</b>, world!", "<b>Olá</b>, mundo!"),
        ("- @anna: good morning 😀", "- @anna: bom dia 😀"),
        ("1,234.56 and 12/31/2024", "1,234.56 e 12/31/2024"),
        ("The word e\u0301 is Portuguese.", "A palavra é português."),
    ],
)
def test_texts_and_their_translations(firefox: Translator, text: str, wanted: str) -> None:
    assert said(firefox, text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *(
            ".",
            "...",
            "?!",
            "—",
            "1",
            "😀",
            "x",
            "\n",
            "€",
            "<",
            "⟦",
            "⟦1⟧",
            "`",
            "@",
            "#",
            "\u200d",
        ),
        "1234567890" * 4,
        "a" * 5000,
        "ab" * 2500,
        "9" * 5000,
        "s's" * 1500,
        "<" * 5000,
        "😀" * 3000,
        "Привет " * 700,
        "你好世界" * 1000,
        "สวัสดี" * 500,
        "\u0301" * 30,
        "\n" * 3000,
        "<b><i>" * 500,
        "https://example.com/" + "a" * 3000,
    ],
)
def test_what_is_no_text_in_english_stays_and_takes_no_time(firefox: Translator, text: str) -> None:
    said(firefox, "Ready.")
    started = time.monotonic()
    result = said(firefox, text)
    assert time.monotonic() - started < 5 * slack()
    assert result == text


@pytest.mark.parametrize("between", [". ", ", ", " ", " and ", "\n"])
def test_nothing_of_a_long_text_is_lost(firefox: Translator, between: str) -> None:
    text = between.join(f"The house number {n} is close to the sea" for n in range(1000, 1060))
    result = said(firefox, text)
    assert [n for n in range(1000, 1060) if str(n) not in result] == []


@pytest.mark.parametrize("word", ["q ", "s's ", "A. ", ", . ! ", "a" * 59 + " "])
def test_words_that_are_none_end_in_time(firefox: Translator, word: str) -> None:
    assert said(firefox, (word * 3000)[:3000]).strip()


def test_letters_like_placeholders_are_text(firefox: Translator) -> None:
    result = said(firefox, "X1 Q1 Z1 K1 W1 and @anna are here.")
    assert all(word in result for word in ("X1", "Q1", "Z1", "K1", "W1", "@anna"))


def test_a_call_that_takes_too_long_ends_its_process(firefox: Translator) -> None:
    slow = FirefoxTranslator(ModelFiles(), seconds=0.3)
    before = children()
    texts = ["The order will arrive on Thursday afternoon between two and four. " * 8] * 60
    with pytest.raises(TranslationError) as caught:
        slow.translate(TranslationRequest(texts, "en", "pt", soon()))
    assert (caught.value.code, caught.value.retryable) == ("translator_timeout", True)
    assert children() <= before
    slow.close()


def test_others_wait_for_the_process_only_until_their_deadline(firefox: Translator) -> None:
    assert isinstance(firefox, FirefoxTranslator)
    with firefox._lock:
        started = time.monotonic()
        with pytest.raises(TranslationError) as caught:
            firefox.translate(TranslationRequest(["Hello."], "en", "pt", soon(0.2)))
        assert time.monotonic() - started < 5 * slack()
    assert caught.value.code == "translator_timeout"


def test_a_process_that_died_is_replaced() -> None:
    with translator("firefox") as (made, _):
        before = children()
        first = said(made, "Good morning.")
        (child,) = children() - before
        os.kill(child, signal.SIGKILL)
        assert said(made, "Good morning.") == first
        (second,) = children() - before
        assert second != child
    assert children() <= before


def test_a_text_that_ends_every_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = tmp_path / "host.py"
    host.write_text("import sys; sys.stdin.buffer.read(1)")
    monkeypatch.setattr("troupe.translation.engines.firefox_host.__file__", str(host))
    with translator("firefox") as (made, _), pytest.raises(TranslationError) as caught:
        said(made, "Good morning.")
    assert (caught.value.code, caught.value.retryable) == ("translator_crashed", False)


def test_the_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "not-for-children")
    with translator("firefox") as (made, _):
        before = children()
        said(made, "Good morning.")
        (child,) = children() - before
        assert b"not-for-children" not in Path(f"/proc/{child}/environ").read_bytes()


def copied(folder: Path, pair: str, name: str) -> Path:
    """A folder of models for the pair `name` with the files of `pair`."""
    target = folder / "firefox" / name
    target.mkdir(parents=True)
    for file in (DEPLOYED / "firefox" / pair).iterdir():
        shutil.copy(file, target / file.name.replace(pair, name))
    return target


def test_other_pairs_go_through_english(tmp_path: Path) -> None:
    """Portuguese under another name, since only its models are there."""
    folder = copied(tmp_path, "pten", "glen")
    models = FirefoxModels(ModelFiles(tmp_path))
    assert models.languages().sources == ("en", "gl", "pt")
    assert models.languages().targets == ("en", "pt")
    assert models.route("gl", "pt") == ["glen", "enpt"]
    assert models.route("gl", "en") == ["glen"]
    with translator("firefox", MODELS_DIR=str(tmp_path)) as (made, _):
        texts = ["A casa fica perto do mar, escreva para @anna 😀."]
        found = translate(made, texts, "gl", "pt", deadline=soon())
    assert "casa" in found.texts[0] and "mar" in found.texts[0] and "@anna 😀" in found.texts[0]
    # Vocabularies of their own for the two languages, and no shortlist.
    shared = folder / "vocab.glen.spm"
    shutil.copy(shared, folder / "srcvocab.glen.spm")
    shared.rename(folder / "trgvocab.glen.spm")
    (folder / "lex.50.50.glen.s2t.bin").unlink()
    with translator("firefox", MODELS_DIR=str(tmp_path)) as (made, _):
        found = translate(made, ["A casa fica perto do mar."], "gl", "en", deadline=soon())
    assert "sea" in found.texts[0]


def test_a_damaged_model_is_named_and_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(tmp_path, "enpt", "enpt")
    file = folder / "vocab.enpt.spm"
    file.write_bytes(file.read_bytes()[:-1])
    with (
        translator("firefox", MODELS_DIR=str(tmp_path)) as (made, _),
        pytest.raises(TranslationError) as caught,
    ):
        into_portuguese(made, "Hello.")
    assert caught.value.code == "model_missing"
    assert "models fetch firefox/enpt/vocab.enpt.spm" in capsys.readouterr().out


def test_a_damaged_model_of_the_operator_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copied(tmp_path, "enpt", "engl")
    (folder / "model.engl.intgemm.alphas.bin").write_bytes(b"nothing")
    with (
        translator("firefox", MODELS_DIR=str(tmp_path)) as (made, _),
        pytest.raises(TranslationError) as caught,
    ):
        translate(made, ["Hello."], "en", "gl", deadline=soon())
    assert caught.value.code == "translator_model"
    assert "engl" in capsys.readouterr().out


def test_without_models_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("troupe.adapters.models.files.DEPLOYED", tmp_path / "deployed")
    with (
        translator("firefox", MODELS_DIR=str(tmp_path)) as (made, _),
        pytest.raises(TranslationError) as caught,
    ):
        made.languages(soon())
    assert caught.value.code == "model_missing"
    told = capsys.readouterr().out
    assert str(tmp_path) in told and "models fetch firefox/enpt" in told


def test_large_letters_that_a_model_lacks_are_read_as_small_ones(firefox: Translator) -> None:
    (result,) = translate(firefox, ["NÃO ENTRE!"], "pt", "en", deadline=soon()).texts
    assert "NÃO" not in result and "not" in result.lower()


def test_its_version_names_the_models(tmp_path: Path) -> None:
    copied(tmp_path, "enpt", "engl")
    with (
        translator("firefox") as (one, _),
        translator("firefox") as (same, _),
        translator("firefox", MODELS_DIR=str(tmp_path)) as (other, _),
    ):
        assert one.version == same.version != other.version


def test_the_alphabet_of_a_model() -> None:
    known = characters((DEPLOYED / "firefox/enpt/vocab.enpt.spm").read_bytes())
    assert known is not None
    assert set("abcXYZ09çãé.,!?") <= known
    assert not set("€😀ñüжあ<{`\u201c") & known


def test_a_vocabulary_that_falls_back_to_bytes_has_all_characters() -> None:
    piece = b"\x0a\x06<0x41>\x18\x06"  # text in field 1, type 6 in field 3
    assert characters(b"\x0a" + bytes([len(piece)]) + piece) is None

"""What voices say in their preview."""

import pytest

from troupe.speech.engine import VoiceType
from troupe.speech.languages import ESPEAK
from troupe.speech.readable import unreadable_share
from troupe.speech.voices import voices_of
from troupe.voices.sentences import sentence


@pytest.mark.parametrize("code", [row[0] for row in ESPEAK])
def test_every_voice_can_read_its_sentence(code: str) -> None:
    said = sentence(code)
    assert 5 < len(said) < 120
    assert unreadable_share(said, code, "espeak") < 0.1


def test_few_languages_have_to_borrow_a_sentence() -> None:
    codes = {v.languages[0] for v in voices_of("espeak") if v.type is VoiceType.MALE}
    borrowed = {code for code in codes if sentence(code) == sentence("en") and code[:2] != "en"}
    assert len(borrowed) < 0.25 * len(codes), sorted(borrowed)

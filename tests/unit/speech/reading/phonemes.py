"""The phonemes that espeak-ng says for texts: `python phonemes.py <library> <data>` reads a JSON
list of [voice, text] from standard input, and writes a JSON list of phonemes."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_SYNCHRONOUS, _DONT_EXIT, _UTF8, _IPA = 2, 0x8000, 1, 0x02


def phonemes(texts: Iterable[tuple[str, str]]) -> list[str]:
    """What espeak-ng says for each (voice file, text), in IPA; in one child process, since the
    library's state is global."""
    import espeakng_loader

    command = [
        sys.executable,
        str(Path(__file__)),
        str(espeakng_loader.get_library_path()),
        str(espeakng_loader.get_data_path()),
    ]
    answer = subprocess.run(
        command, input=json.dumps(list(texts)).encode(), capture_output=True, check=True
    )
    said: list[str] = json.loads(answer.stdout)
    return said


def _main(path: str, data: str) -> None:
    library = ctypes.CDLL(path)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_int,
        ctypes.c_int,
    ]
    library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
    current, answers = "", []
    for voice, text in json.load(sys.stdin):
        if voice != current:
            if library.espeak_SetVoiceByName(voice.encode()):
                raise ValueError(f"no voice {voice}")
            current = voice
        buffer = ctypes.create_string_buffer(text.encode())
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while at.value:
            said = library.espeak_TextToPhonemes(ctypes.byref(at), _UTF8, _IPA)
            clauses.append((said or b"").decode())
        answers.append(" ".join(clause.strip() for clause in clauses if clause.strip()))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])

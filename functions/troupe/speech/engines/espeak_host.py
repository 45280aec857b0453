"""The child process that runs libespeak-ng: `python espeak_host.py <library> <data directory>`.

It is a script that uses only the standard library, so that it starts in about 30 ms and shares no
memory with the service. It reads one request at a time from standard input (u32 length, JSON),
answers on standard output (`HEADER`, events, int16 samples), and ends when its input closes.
Numbers are in native byte order, since both ends run on one machine. A request with `spell` asks
how a text is pronounced, one without text for the phonemes of a voice; their answers have JSON in
place of samples, padded to whole ones.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from pathlib import Path
from typing import BinaryIO

# status, sample rate, number of events, number of samples
HEADER = struct.Struct("=iIII")
# kind (1 word, 5 end of a clause), offset in characters from 1, sample
EVENT = struct.Struct("=iii")
LENGTH = struct.Struct("=I")

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _EVENTS_IN_IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_POS_CHARACTER = 1
_CHARS_UTF8, _PHONEMES = 1, 0x100  # never SSML (0x10)
_MNEMONICS, _IPA = 0, 2  # the ways to write phonemes
_LIST_TERMINATED, _WORD, _END, _PHONEME = 0, 1, 5, 7
_VOWEL, _NASAL = 2, 8  # the types of phonemes that are sounds (phoneme.h)
_BUFFER_MILLISECONDS = 1000  # room for 220 events; one callback per second of audio
_RATE, _NORMAL_RATE = 1, 175
OK, NOT_FOUND, CALLBACK_FAILED = 0, 2, -100


class _Id(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Library:
    """libespeak-ng, initialised. Not reentrant, and one per process: its state is global."""

    def __init__(self, library: str, data: str) -> None:
        self._lib = ctypes.CDLL(library)
        self._lib.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self._lib.espeak_SetParameter.argtypes = [ctypes.c_int] * 3
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        self._data = data
        self.rate: int = self._lib.espeak_Initialize(
            _SYNCHRONOUS,
            _BUFFER_MILLISECONDS,
            data.encode(),
            _PHONEME_EVENTS | _EVENTS_IN_IPA | _DONT_EXIT,
        )
        if self.rate <= 0:
            raise OSError(f"espeak-ng could not be initialised with the data in {data}")
        self._voice = ""
        self._samples = bytearray()
        self._events = bytearray()
        self._spelled: list[tuple[int, list[str]]] | None = None  # if sounds are asked for
        self._failure: BaseException | None = None
        # Keep a reference, or ctypes frees the callback while the library still uses it.
        self._callback = _Callback(self._collect)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: object, count: int, events: object) -> int:
        # ctypes only prints exceptions raised here: keep the error, and stop the synthesis.
        try:
            if samples and count:
                self._samples += ctypes.string_at(samples, count * 2)  # type: ignore[arg-type]
            at = 0
            while (event := events[at]).type != _LIST_TERMINATED:  # type: ignore[index]
                if event.type in (_WORD, _END):
                    self._events += EVENT.pack(event.type, event.text_position, event.sample)
                if self._spelled is not None:
                    self._spell(event)
                at += 1
        except BaseException as error:
            self._failure = error
            return 1
        return 0

    def _spell(self, event: _Event) -> None:
        if event.type == _WORD:
            self._spelled.append((event.text_position, []))  # type: ignore[union-attr]
        elif event.type == _PHONEME and self._spelled:
            # Eight bytes, which the longest names fill; others end with zeros.
            sound = event.id.string.decode("utf-8", "ignore")
            if sound:
                self._spelled[-1][1].append(sound)

    def speak(
        self, text: str, voice: str, parameters: list[list[int]], *, phonemes: bool = False
    ) -> tuple[int, bytearray, bytearray]:
        """Returns status, events and samples. The buffers are valid until the next call.
        `phonemes`: whether the text has some, in double brackets."""
        self._samples.clear()
        self._events.clear()
        self._failure = None
        if not self._set_voice(voice):
            return NOT_FOUND, self._events, self._samples
        for number, value in parameters:
            self._lib.espeak_SetParameter(number, value, 0)
        status = self._synthesize(text, phonemes)
        if self._failure is not None:
            return CALLBACK_FAILED, self._events, self._samples
        return status, self._events, self._samples

    def spell(
        self, text: str, voice: str, *, phonemes: bool = False
    ) -> tuple[int, bytearray, bytearray]:
        """The words of a text as JSON: lists of the offset, from 1, and of the IPA of each phoneme,
        with its stress. The library speaks the text for this: only then does it tell the offsets,
        and it takes a thousandth of the time that a neural voice needs."""
        self._spelled = []
        try:
            status, _, _ = self.speak(text, voice, [[_RATE, _NORMAL_RATE]], phonemes=phonemes)
            return status, bytearray(), _padded(self._spelled)
        finally:
            self._spelled = None

    def inventory(self, voice: str) -> tuple[int, bytearray, bytearray]:
        """The phonemes of a voice, as JSON: lists of mnemonic and IPA, as `_ipa` has it."""
        if not self._set_voice(voice):
            return NOT_FOUND, bytearray(), bytearray()
        status = self._synthesize("", phonemes=True)  # sets the mode of what follows
        found = [[name, *self._ipa(name, kind)] for name, kind in _mnemonics(self._data).items()]
        return status, bytearray(), _padded(found)

    def _set_voice(self, voice: str) -> bool:
        if voice != self._voice:
            self._voice = ""
            if self._lib.espeak_SetVoiceByName(voice.encode()):
                return False
            self._voice = voice
        return True

    def _synthesize(self, text: str, phonemes: bool) -> int:
        data = text.encode()
        flags = _CHARS_UTF8 | (_PHONEMES if phonemes else 0)
        status: int = self._lib.espeak_Synth(
            data, len(data) + 1, 0, _POS_CHARACTER, 0, flags, None, None
        )
        return status

    def _ipa(self, name: str, is_consonant: bool) -> list[str]:
        """The IPA of a phoneme, before a vowel and alone; empty if the voice does not have it.
        Some consonants are others at the end of a word, such as German d and English r."""
        found = []
        for vowel in "aE@i" if is_consonant else "":
            if self._has(vowel) and self._has(name + vowel):
                both, ipa = self._said(name + vowel, _IPA), self._said(vowel, _IPA)
                if both.endswith(ipa) and both != ipa:
                    found.append(both.removesuffix(ipa))
                    break
        if self._has(name):
            found.append(self._said(name, _IPA))
        return found

    def _has(self, name: str) -> bool:
        # Tone languages add a word border.
        return self._said(name, _MNEMONICS).removesuffix("_|") == name

    def _said(self, phonemes: str, mode: int) -> str:
        text = ctypes.c_char_p(f"[[{phonemes}]]".encode())
        said: bytes = self._lib.espeak_TextToPhonemes(ctypes.byref(text), _CHARS_UTF8, mode)
        return said.decode("utf-8", "replace")


def _mnemonics(data: str) -> dict[str, bool]:
    """The names of all phonemes of all languages that are sounds, and whether they are consonants,
    from the file `phontab`: a count, then tables of a 36 byte header, which begins with their size,
    and 16 bytes per phoneme."""
    content = (Path(data) / "phontab").read_bytes()
    at, names = 4, {":": False}  # the length mark is no sound
    for _ in range(content[0]):
        end = at + 36 + 16 * content[at]
        for entry in range(at + 36, end, 16):
            name = content[entry : entry + 4].rstrip(b"\0").decode("latin-1")
            kind = content[entry + 11]
            if _VOWEL <= kind <= _NASAL and name.isprintable() and not set(name) & set(" []|',"):
                names[name] = names.get(name, False) or kind > _VOWEL
        at = end
    names.pop("", None)
    return names


def _padded(content: object) -> bytearray:
    """JSON, filled up to whole samples."""
    data = json.dumps(content).encode()
    return bytearray(data + b" " * (len(data) % 2))


def _read(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def serve(library: Library, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the input ends."""
    while True:
        try:
            (size,) = LENGTH.unpack(_read(requests, LENGTH.size))
            request = json.loads(_read(requests, size))
        except EOFError:
            return
        if request.pop("spell", False):
            status, events, samples = library.spell(**request)
        elif "text" in request:
            status, events, samples = library.speak(**request)
        else:
            status, events, samples = library.inventory(**request)
        answers.write(
            HEADER.pack(status, library.rate, len(events) // EVENT.size, len(samples) // 2)
        )
        answers.write(events)
        answers.write(samples)
        answers.flush()


if __name__ == "__main__":
    serve(Library(sys.argv[1], sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)

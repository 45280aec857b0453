"""The child process that runs libespeak-ng: `python espeak_host.py <library> <data directory>`.

It is a script that uses only the standard library, so that it starts in about 30 ms and shares no
memory with the service. It reads one request at a time from standard input (u32 length, JSON),
answers on standard output (`HEADER`, events, int16 samples), and ends when its input closes.
Numbers are in native byte order, since both ends run on one machine.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from typing import BinaryIO

# status, sample rate, number of events, number of samples
HEADER = struct.Struct("=iIII")
# kind (1 word, 5 end of a clause), offset in characters from 1, sample
EVENT = struct.Struct("=iii")
LENGTH = struct.Struct("=I")

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_POS_CHARACTER = 1
_CHARS_UTF8 = 1  # without SSML (0x10) and phoneme input (0x100)
_LIST_TERMINATED, _WORD, _END = 0, 1, 5
_BUFFER_MILLISECONDS = 1000  # room for 220 events; one callback per second of audio
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
        self.rate: int = self._lib.espeak_Initialize(
            _SYNCHRONOUS, _BUFFER_MILLISECONDS, data.encode(), _DONT_EXIT
        )
        if self.rate <= 0:
            raise OSError(f"espeak-ng could not be initialised with the data in {data}")
        self._voice = ""
        self._samples = bytearray()
        self._events = bytearray()
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
                at += 1
        except BaseException as error:
            self._failure = error
            return 1
        return 0

    def speak(
        self, text: str, voice: str, parameters: list[list[int]]
    ) -> tuple[int, bytearray, bytearray]:
        """Returns status, events and samples. The buffers are valid until the next call."""
        self._samples.clear()
        self._events.clear()
        self._failure = None
        if voice != self._voice:
            self._voice = ""
            if self._lib.espeak_SetVoiceByName(voice.encode()):
                return NOT_FOUND, self._events, self._samples
            self._voice = voice
        for number, value in parameters:
            self._lib.espeak_SetParameter(number, value, 0)
        data = text.encode()
        status: int = self._lib.espeak_Synth(
            data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        if self._failure is not None:
            return CALLBACK_FAILED, self._events, self._samples
        return status, self._events, self._samples


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
        status, events, samples = library.speak(
            request["text"], request["voice"], request["parameters"]
        )
        answers.write(
            HEADER.pack(status, library.rate, len(events) // EVENT.size, len(samples) // 2)
        )
        answers.write(events)
        answers.write(samples)
        answers.flush()


if __name__ == "__main__":
    serve(Library(sys.argv[1], sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)

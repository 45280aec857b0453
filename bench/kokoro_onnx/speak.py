"""Speaks a text with kokoro-onnx into an mp3: `speak.py MODEL VOICE TEXT OUT FFMPEG`.

Prints the seconds and CPU seconds that it takes, without the start, and the seconds of the audio.
Runs in its own environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from kokoro_onnx import Kokoro


def main() -> None:
    model, voice, text, out, ffmpeg = sys.argv[1:]
    voices = Path(out).with_suffix(".npz")
    styles = np.fromfile(voice, np.float32).reshape(-1, 1, 256)
    np.savez(voices, voice=styles)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    kokoro = Kokoro.from_session(session, str(voices))
    kokoro.create("One moment.", "voice")
    began, cpu = time.perf_counter(), time.process_time()
    sound, rate = kokoro.create(Path(text).read_text(), "voice")
    raw = (np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes()
    command = [*(ffmpeg, "-v", "error", "-y", "-f", "s16le", "-ar", str(rate), "-ac", "1")]
    subprocess.run([*command, "-i", "-", "-b:a", "64k", out], input=raw, check=True)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": used, "sound": len(sound) / rate}))


if __name__ == "__main__":
    main()

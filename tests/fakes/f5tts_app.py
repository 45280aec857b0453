"""A Gradio app with the inputs and outputs of F5-TTS's `/basic_tts`, in the same order.

`python -m tests.fakes.f5tts_app PORT LOG` serves on 127.0.0.1. Its voice is a tone with the pitch
of the reference, as long as text and speed make it. It writes the inputs of each call to LOG as a
line of JSON. A line on standard input restarts it, which loses all uploads; the end of standard
input stops it. Some words change what it does: "Fail" (an error), "Nothing" (no audio), "Wait" (a
second of work).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp()

# Gradio reads these variables on import.
import gradio as gr
import numpy as np

RATE = 24_000
SECONDS_PER_CHARACTER = 0.05


def dominant(samples: np.ndarray[Any, Any], rate: int) -> float:
    """The strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / len(samples))


def app(log: Path) -> gr.Blocks:
    def basic_tts(
        ref_audio: str,
        ref_text: str,
        gen_text: str,
        remove_silence: bool,
        randomize_seed: bool,
        seed: int,
        cross_fade: float,
        nfe: int,
        speed: float,
    ) -> tuple[Any, ...]:
        with wave.open(ref_audio) as file:
            pcm = file.readframes(file.getnframes())
            reference, rate = np.frombuffer(pcm, "<i2"), file.getframerate()
        pitch = dominant(reference, rate)
        with log.open("a") as file:
            call = {
                "pitch": pitch,
                "ref_text": ref_text,
                "gen_text": gen_text,
                "remove_silence": remove_silence,
                "randomize_seed": randomize_seed,
                "seed": seed,
                "cross_fade": cross_fade,
                "nfe": nfe,
                "speed": speed,
            }
            file.write(json.dumps(call) + "\n")
        if "Fail" in gen_text:
            raise RuntimeError("CUDA out of memory")
        if "Nothing" in gen_text:
            return gr.update(), gr.update(), ref_text, seed
        if "Wait" in gen_text:
            time.sleep(1)
        times = np.arange(int(RATE * len(gen_text) * SECONDS_PER_CHARACTER / speed)) / RATE
        wave_ = (0.5 * np.sin(2 * np.pi * pitch * times + seed)).astype(np.float32)
        spectrogram = np.zeros((4, 4, 3), np.uint8)
        return (RATE, wave_), spectrogram, ref_text, seed

    with gr.Blocks() as blocks:
        inputs = [
            gr.Audio(type="filepath"),
            gr.Textbox(),
            gr.Textbox(),
            gr.Checkbox(),
            gr.Checkbox(value=True),
            gr.Number(value=0, precision=0),
            gr.Slider(minimum=0.0, maximum=1.0, value=0.15, step=0.01),
            gr.Slider(minimum=4, maximum=64, value=32, step=2),
            gr.Slider(minimum=0.3, maximum=2.0, value=1.0, step=0.1),
        ]
        outputs = [gr.Audio(), gr.Image(), inputs[1], inputs[5]]
        gr.Button().click(basic_tts, inputs, outputs)
    return blocks


def main() -> None:
    port, log = int(sys.argv[1]), Path(sys.argv[2])
    while True:
        blocks = app(log)
        blocks.launch(
            server_name="127.0.0.1", server_port=port, quiet=True, prevent_thread_lock=True
        )
        print("ready", flush=True)
        asked = sys.stdin.readline()
        shutil.rmtree(os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)
        if not asked:
            os._exit(0)  # without waiting for running calls
        blocks.close(verbose=False)


if __name__ == "__main__":
    main()

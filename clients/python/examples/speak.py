"""Speaks a text in another voice, with its progress, and saves the audio and its captions."""

import os

from troupe_client import ApiError, Troupe

with Troupe.sign_in(os.environ["TROUPE_EMAIL"], os.environ["TROUPE_PASSWORD"]) as troupe:
    try:
        speech = troupe.speak(
            "Good evening, and welcome to the show.",
            language="en-GB",
            voice_type="male",
            on_progress=lambda job: print(f"{job.status}, {job.overall_progress} %"),
        )
    except ApiError as error:
        if error.code != "not_enough_tokens":
            raise
        raise SystemExit(f"It takes {error.details['needed']} tokens.") from None
    print(speech.save("evening.mp3"))
    print(speech.captions("evening.vtt"))

"""Renders the benchmark's video with MoviePy: `python render.py plan.json`. See bench/video.py."""

import json
import sys

from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, VideoFileClip, vfx

with open(sys.argv[1]) as file:  # noqa: PTH123 - a standalone script
    plan = json.load(file)

clips = [VideoFileClip(plan["clip"]).with_effects([vfx.Loop(duration=plan["seconds"])])]
for card in plan["cards"]:
    for start, end in card["spans"]:
        picture = ImageClip(card["image"]).with_start(start).with_duration(end - start)
        place = card["x"], card["y"]
        rise = plan["rise"]

        def position(
            t: float, place: tuple[int, int] = place, rise: float = rise
        ) -> tuple[int, float]:
            return place[0], place[1] + rise * max(0, 1 - t / 0.4) ** 3

        clips.append(picture.with_position(position))
for caption in plan["captions"]:
    start, end = caption["span"]
    picture = ImageClip(caption["image"]).with_start(start).with_duration(end - start)
    clips.append(picture.with_position((caption["x"], caption["y"])))
video = CompositeVideoClip(clips, size=(1280, 720)).with_duration(plan["seconds"])
video.with_audio(AudioFileClip(plan["sound"])).write_videofile(
    plan["target"],
    fps=plan["rate"],
    codec="libx264",
    audio_codec="aac",
    audio_bitrate="96k",
    preset=plan["preset"],
    ffmpeg_params=[*plan["x264"], "-pix_fmt", "yuv420p", "-movflags", "+faststart"],
    logger=None,
)

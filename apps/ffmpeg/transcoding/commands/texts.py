"""Tracks of subtitles, within the file and beside it."""

import os

from apps.ffmpeg.transcoding.commands.reading import source_file
from apps.ffmpeg.transcoding.commands.sound import named
from apps.ffmpeg.transcoding.plans import Plan, SubtitleDeed, SubtitlePlan

Words = list[str]

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y")
_ENCODERS = {
    "subrip": "srt",
    "srt": "srt",
    "webvtt": "webvtt",
    "ass": "ass",
    "mov_text": "mov_text",
}
_MUXERS = {"subrip": "srt", "srt": "srt", "webvtt": "webvtt", "ass": "ass"}


def kept(plan: Plan) -> list[SubtitlePlan]:
    """Those that are tracks of the output."""
    within = (SubtitleDeed.COPY, SubtitleDeed.CONVERT)
    return [one for one in plan.subtitles if one.deed in within]


def texts(plan: Plan) -> Words:
    """Options of the tracks that are kept."""
    words: Words = []
    for at, track in enumerate(kept(plan)):
        copies = track.deed is SubtitleDeed.COPY
        words += [f"-c:s:{at}", "copy" if copies else _ENCODERS.get(track.codec, track.codec)]
        if track.language:
            words += [f"-metadata:s:s:{at}", f"language={track.language}"]
        if track.title and plan.metadata:
            words += named(f"s:{at}", track.title, plan)
        words += [f"-disposition:s:{at}", "+forced" if track.forced else "-forced"]
    return words


def sidecar_command(
    plan: Plan,  # noqa: ARG001 - as the other commands are asked for
    subtitle: SubtitlePlan,
    *,
    program: str,
    source: bytes,
    output: bytes,
) -> list[str | bytes]:
    """The command that writes one track of text to a file of its own, WebVTT unless it says else.

    The text keeps the source's time from its beginning, as the film's output does.
    """
    codec = subtitle.codec or "webvtt"
    return [
        program, *_QUIET, *source_file(source), "-map", f"0:{subtitle.index}",
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-c:s", _ENCODERS.get(codec, codec), "-f", _MUXERS.get(codec, "webvtt"),
        b"file:" + os.path.abspath(output),
    ]  # fmt: skip

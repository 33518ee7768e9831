"""The text tracks of a file and of those beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from av.codec import CodecContext
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.subtitles.stream import SubtitleStream

from apps.ffmpeg import untrusted
from apps.ffmpeg.texts.cues import Lines, read_lines
from apps.ffmpeg.texts.sidecars import Sidecar, SidecarRefused, find_sidecars, open_sidecar
from apps.ffmpeg.texts.webvtt import Cue

_MOST = 40
_PICTURES = "It is pictures, not text."
_NO_DECODER = "MediaHub has no decoder for it."
_TOO_MANY = f"It comes after the first {_MOST} tracks."

About = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Track:
    """What is told of a track, and its cues, at least one."""

    about: About
    cues: list[Cue]


def read_tracks(
    container: InputContainer, path: bytes, *, start_ms: int, beat: Callable[[], None]
) -> tuple[list[Track], list[About]]:
    """Tracks of the file, then of its sidecars, and what of both can't be shown, with the reason.

    To find the text the container is read to its end, but for an mp4, whose index tells where it
    lies. Raises OSError.
    """
    tracks: list[Track] = []
    skipped: list[About] = []
    wanted: list[SubtitleStream] = []
    for stream in container.streams.subtitles:
        if reason := _unfit(stream, len(wanted)):
            skipped.append(_skipped(_about(stream), reason))
        else:
            wanted.append(stream)
    for about, lines in _read_embedded(container, wanted, start_ms, beat):
        _sort_in(about, lines, tracks, skipped)
    for sidecar in find_sidecars(path):
        beat()
        lines = _read_sidecar(sidecar, len(tracks), beat)
        _sort_in(_about_sidecar(sidecar), lines, tracks, skipped)
    return tracks, skipped


def _sort_in(about: About, lines: Lines, tracks: list[Track], skipped: list[About]) -> None:
    if lines.refusal:
        skipped.append(_skipped(about, lines.refusal))
    else:
        tracks.append(Track(about, list(lines.cues())))


def _read_embedded(
    container: InputContainer,
    wanted: list[SubtitleStream],
    start_ms: int,
    beat: Callable[[], None],
) -> Iterator[tuple[About, Lines]]:
    if not wanted:
        return
    if container.format.name.startswith("mov"):
        for other in container.streams:
            if other not in wanted:
                other.discard = Discard.all
    found = read_lines(container, wanted, start_ms=start_ms, beat=beat)
    yield from zip(map(_about, wanted), found, strict=True)


def _read_sidecar(sidecar: Sidecar, before: int, beat: Callable[[], None]) -> Lines:
    if before == _MOST:
        return Lines(has_comments=False, refusal=_TOO_MANY)
    try:
        with open_sidecar(sidecar) as container:
            (stream,) = container.streams.subtitles  # one, by each of these formats
            (lines,) = read_lines(container, [stream], start_ms=0, beat=beat)
    except SidecarRefused as refused:
        return Lines(has_comments=False, refusal=str(refused))
    return lines


def _unfit(stream: SubtitleStream, before: int) -> str:
    context: CodecContext | None = stream.codec_context  # None: no decoder for it
    if context is None:
        return _NO_DECODER
    if not context.codec.text_sub:
        return _PICTURES
    return _TOO_MANY if before == _MOST else ""


def _about(stream: SubtitleStream) -> About:
    context: CodecContext | None = stream.codec_context
    language = untrusted.text(stream.metadata.get("language"), 16)
    title = untrusted.text(stream.metadata.get("title"), 100).replace("\n", " ")
    return {
        "language": "" if language == "und" else language,
        "title": title,
        "forced": Disposition.forced in stream.disposition,
        "source": "embedded",
        "codec": context.codec.canonical_name if context is not None else "",
    }


def _about_sidecar(sidecar: Sidecar) -> About:
    return {
        "language": sidecar.language,
        "title": sidecar.title,
        "forced": sidecar.forced,
        "source": "sidecar",
        "codec": sidecar.codec,
    }


def _skipped(about: About, reason: str) -> About:
    return {"codec": about["codec"], "language": about["language"], "reason": reason}

"""What the pages of a video and of a file show about files, ready to print."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.units import say_ago, say_bitrate, say_bytes, say_duration, say_timecode
from apps.library.choices import Integrity, ProbeState
from apps.library.models import File, Video
from apps.library.pages.cards import codec_name, resolution_name

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Badge:
    """A short label; ``variant`` is one of Unfold's colours."""

    text: str
    variant: str = "default"


@dataclass(frozen=True, slots=True)
class FilePanel:
    """One file with all that is known about it."""

    pk: int
    name: str
    folder: str
    badges: list[Badge]
    problem: str
    facts: list[Fact]
    streams: list[dict[str, str]]
    chapters: list[Fact]
    fingerprints: list[Fact]


def video_facts(video: Video, *, now: datetime) -> list[Fact]:
    """The facts of a video's primary file, for people."""
    shown = f"{video.width} x {video.height}" if video.width and video.height else ""
    return known(
        ("Length", say_duration(video.duration_ms)),
        ("Picture", f"{shown} {resolution_name(video.width, video.height)}".strip()),
        ("Frame rate", f"{video.frame_rate:.5g} fps" if video.frame_rate else ""),
        ("Video", codec_name(video.video_codec)),
        ("Audio", video.audio_codec.upper()),
        ("Container", video.container),
        ("Size", say_bytes(video.size_bytes)),
        ("Bit rate", say_bitrate(video.bitrate)),
        ("Library", video.library.name),
        ("Added", say_ago(video.added_at, now=now)),
    )


def file_panel(file: File, *, primary: bool = False) -> FilePanel:
    """A file that was read with its folder and library."""
    folder, _, name = file.path.rpartition("/")
    return FilePanel(
        pk=file.pk,
        name=name,
        folder=f"{file.library.root.rstrip('/')}/{folder}".rstrip("/"),
        badges=list(_badges(file, primary=primary)),
        problem=_problem(file),
        facts=known(
            ("Size", f"{say_bytes(file.size_bytes)} ({file.size_bytes:,} bytes)"),
            ("Length", say_duration(file.duration_ms)),
            ("Container", file.container),
            ("Bit rate", say_bitrate(file.bitrate)),
            ("Content", _content(file)),
            ("Changed on disk", f"{datetime.fromtimestamp(file.mtime_ns / 1e9):%Y-%m-%d %H:%M}"),  # noqa: DTZ006 - the time zone of this machine, as file managers show it
            *((_words(name), str(value)) for name, value in file.facts.items() if _is_plain(value)),
            ("Warnings", ", ".join(_words(warning) for warning in file.warnings)),
        ),
        streams=[_stream(stream) for stream in file.streams],
        chapters=[
            (say_timecode(chapter.get("start_ms") or 0), chapter.get("title") or "Untitled")
            for chapter in file.chapters
        ],
        fingerprints=known(("oshash", file.oshash), ("content", file.content), ("MD5", file.md5)),
    )


def known(*facts: Fact) -> list[Fact]:
    """Without those that are empty."""
    return [(label, value) for label, value in facts if value]


def _problem(file: File) -> str:
    if file.probe_state == ProbeState.FAILED:
        return file.probe_message
    return "" if file.integrity == Integrity.GOOD else file.integrity_detail


def _content(file: File) -> str:
    """What the last check came to, and when it was."""
    if not file.verified_at:
        return ""
    return f"{file.get_integrity_display()} ({file.verified_at:%Y-%m-%d})"


def _badges(file: File, *, primary: bool) -> Iterable[Badge]:
    if primary:
        yield Badge("primary", "primary")
    if file.missing_since:
        yield Badge(f"missing since {file.missing_since:%Y-%m-%d}", "warning")
    if file.probe_state == ProbeState.FAILED:
        yield Badge(_words(file.probe_error or "failed"), "danger")
    elif file.probe_state == ProbeState.PENDING:
        yield Badge("not read yet", "info")
    if file.integrity not in ("", Integrity.GOOD):
        yield Badge(_words(file.integrity), "danger")


def _stream(stream: dict[str, Any]) -> dict[str, str]:
    """The columns of the table of streams."""
    kind = str(stream.get("type", ""))
    size = f"{stream['width']} x {stream['height']}" if stream.get("width") else ""
    rate = f"{stream['frame_rate']:.5g} fps" if stream.get("frame_rate") else ""
    sound = str(stream.get("channel_layout") or stream.get("channels") or "")
    sampling = f"{stream['sample_rate'] / 1_000:g} kHz" if stream.get("sample_rate") else ""
    color = " ".join(
        str(stream[name]) for name in ("pixel_format", "color_space", "hdr") if stream.get(name)
    )
    return {
        "kind": kind,
        "codec": " ".join(
            filter(None, [codec_name(stream.get("codec", "")), stream.get("profile")])
        ),
        "details": " · ".join(filter(None, [size, rate, sound, sampling, color])),
        "bitrate": say_bitrate(stream.get("bitrate")),
        "language": " ".join(filter(None, [stream.get("language"), stream.get("title")])),
        "flags": ", ".join(n for n in ("default", "forced", "attached_pic") if stream.get(n)),
    }


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value not in ("", 0)

"""The formats in which markers come and go. Plain Python: bytes and cues."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from apps.markers.services.formats.cue import Cue, MarkersRefused
from apps.markers.services.formats.edl import read_edl, write_edl
from apps.markers.services.formats.ffmetadata import read_ffmetadata, write_ffmetadata
from apps.markers.services.formats.own_json import read_json, write_json
from apps.markers.services.formats.webvtt import read_webvtt, write_webvtt

__all__ = ["FORMATS", "Cue", "Format", "MarkersRefused", "read_markers"]


class Write(Protocol):
    def __call__(self, cues: Sequence[Cue], *, duration_ms: int | None = None) -> str: ...


@dataclass(frozen=True, slots=True)
class Format:
    """``file_name`` is what its export is called; ``begins`` how its files are told from others."""

    name: str
    title: str
    media_type: str
    file_name: str
    begins: bytes
    write: Write
    read: Callable[[bytes], list[Cue]]


FORMATS = {
    one.name: one
    for one in (
        Format(
            "vtt", "WebVTT", "text/vtt", "markers.vtt", b"WEBVTT", write_webvtt, read_webvtt
        ),
        Format(
            "ffmetadata", "FFmpeg chapters", "text/plain", "chapters.ffmetadata", b";FFMETADATA",
            write_ffmetadata, read_ffmetadata,
        ),
        Format("json", "JSON", "application/json", "markers.json", b"{", write_json, read_json),
        Format("edl", "EDL", "text/plain", "markers.edl", b"", write_edl, read_edl),
    )
}  # fmt: skip


def read_markers(content: bytes, *, name: str = "") -> list[Cue]:
    """The markers in a file of the format ``name``, or of the one that it begins like.

    Raises MarkersRefused.
    """
    if name:
        return FORMATS[name].read(content)
    head = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    guessed = next(one for one in FORMATS.values() if head.startswith(one.begins))
    return guessed.read(content)

"""A second of film with everything that films have, made once and kept with the other clips."""

import os
import struct
import subprocess
from functools import cache
from pathlib import Path

from tests.media import BUILT, ffmpeg

_CHAPTERS = (
    ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=4\ntitle=One\n"
    "[CHAPTER]\nTIMEBASE=1/10\nSTART=4\nEND=10\ntitle=Two\n"
)
_SRT = "1\n00:00:00,200 --> 00:00:00,800\nHello\n"


@cache
def rich() -> Path:
    """MPEG-4, 160x90, 25 frames: AC-3 with six channels, MP2, a text, pictures of text, a font,
    two chapters; the pictures of text are a white bar at the bottom from 0.4 to 0.8 s.
    """
    path = BUILT / "rich-3" / "rich.mkv"
    if path.exists():
        return path
    folder = path.with_name(f"{os.getpid()}.part")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.sup").write_bytes(bar(160, 90, (10, 75, 100, 10), 0.4, 0.8))
    (folder / "a.srt").write_text(_SRT)
    (folder / "a.txt").write_text(_CHAPTERS)
    (folder / "a.ttf").write_bytes(b"A font, more or less.")
    subprocess.run(
        [
            ffmpeg(), "-nostdin", "-v", "error", "-copyts",
            "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1",
            "-f", "lavfi", "-i", "sine=r=48000:d=1,aformat=channel_layouts=5.1(side)",
            "-f", "lavfi", "-i", "sine=r=44100:d=1,aformat=channel_layouts=stereo",
            "-i", folder / "a.srt", "-i", folder / "a.sup", "-i", folder / "a.txt",
            "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4",
            "-map_metadata", "5", "-map_chapters", "5",
            "-attach", folder / "a.ttf", "-metadata:s:t", "mimetype=application/x-truetype-font",
            "-c:v", "mpeg4", "-q:v", "3", "-c:a:0", "ac3", "-c:a:1", "mp2", "-c:s:0", "srt",
            "-c:s:1", "copy", "-metadata:s:v:0", "BPS=99",
            "-metadata:s:a:0", "language=ger", "-metadata:s:a:0", "title=Deutsch",
            "-metadata:s:a:1", "language=eng", "-metadata:s:s:0", "language=eng",
            "-disposition:s:0", "forced", "-f", "matroska", folder / "rich.mkv",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    (folder / "rich.mkv").rename(path)
    return path


def bar(width: int, height: int, box: tuple[int, int, int, int], start: float, end: float) -> bytes:
    """A PGS file: one white box (left, top, width, height) on a screen, for a while.

    The format as Blu-ray discs have it: who is shown, where, in which colours, its pixels, the end.
    """
    left, top, wide, high = box
    place = struct.pack(">BBHHHH", 1, 0, left, top, wide, high)
    row = b"\x00" + struct.pack(">H", 0xC000 | wide) + b"\x01\x00\x00"
    size = struct.pack(">HH", wide, high)
    pixels = struct.pack(">HBB", 0, 0, 0xC0) + (len(row) * high + 4).to_bytes(3, "big") + size
    shown = struct.pack(">HHBHBBBB", width, height, 16, 0, 0x80, 0, 0, 1)
    shown += struct.pack(">HBBHH", 0, 0, 0, left, top)
    gone = struct.pack(">HHBHBBBB", width, height, 16, 1, 0, 0, 0, 0)
    white = bytes([0, 0, 1, 235, 128, 128, 255])
    return b"".join((
        _segment(start, 0x16, shown), _segment(start, 0x17, place), _segment(start, 0x14, white),
        _segment(start, 0x15, pixels + row * high), _segment(start, 0x80, b""),
        _segment(end, 0x16, gone), _segment(end, 0x17, place), _segment(end, 0x80, b""),
    ))  # fmt: skip


def _segment(at: float, kind: int, body: bytes) -> bytes:
    return b"PG" + struct.pack(">IIBH", round(at * 90_000), 0, kind, len(body)) + body

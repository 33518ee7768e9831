"""Reading whole files, at a pace."""

import hashlib
import time
from pathlib import Path

from apps.ffmpeg.reading import Reading


def test_reads_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(9 << 20) + b"end")

    assert _md5(path) == hashlib.md5(bytes(9 << 20) + b"end").hexdigest()


def test_keeps_to_its_rate_and_shows_signs_of_life(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(12 << 20))
    beats: list[int] = []
    began = time.monotonic()

    _md5(path, rate=8 << 20, beats=beats)

    assert time.monotonic() - began >= 1
    assert beats


def _md5(path: Path, *, rate: int | None = None, beats: list[int] | None = None) -> str:
    told = [] if beats is None else beats
    with path.open("rb") as file:
        return Reading(
            file.fileno(), beat=lambda: told.append(1), want_md5=True, bytes_per_second=rate
        ).finish()

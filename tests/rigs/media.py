"""The smallest media files, by the thousand."""

from functools import cache
from pathlib import Path

_HEAD = b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data"
_ALIKE_BYTES = 300_000
_SKIPPED = 90_000  # lies between two samples of ``apps.ffmpeg.hashing.content_fingerprint``


def write_sound(path: Path, number: int) -> None:
    """A WAV of 50 ms, other content for each number; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound(number))


@cache
def sound(number: int) -> bytes:
    return _wav(b"%08d" % number * 50)


@cache
def sound_alike(mark: int) -> bytes:
    """Another mark (0 to 255) is other content with the same fast fingerprint."""
    samples = bytearray(_ALIKE_BYTES)
    samples[_SKIPPED] = mark
    return _wav(bytes(samples))


def _wav(samples: bytes) -> bytes:
    sizes = [length.to_bytes(4, "little") for length in (36 + len(samples), len(samples))]
    return b"RIFF" + sizes[0] + _HEAD + sizes[1] + samples

"""Tiny real media files that need no encoder: half a second of tone as WAV, or as asked."""

import array
import math
import wave
from pathlib import Path

_RATE = 8_000


def write_wav(path: Path | bytes, *, tone_hz: int = 440, seconds: float = 0.5) -> None:
    """Another tone is other content; folders are made."""
    target = path if isinstance(path, bytes) else str(path)
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
    samples = array.array(
        "h",
        (
            int(12_000 * math.sin(2 * math.pi * tone_hz * n / _RATE))
            for n in range(round(seconds * _RATE))
        ),
    )
    with open(target, "wb") as file, wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(samples.tobytes())

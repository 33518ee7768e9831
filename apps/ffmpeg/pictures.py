"""Judges frames and writes them as WebP."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from apps.ffmpeg.messages import Picture, WrittenPicture
from apps.ffmpeg.reasons import MediaRefused, Reason

Grey = NDArray[Any]
"""A small 8-bit grey picture."""

_FLAT = 5.0  # standard deviation of the grey levels of a frame of one colour, with some noise
_DARK_MEAN = 20.0
_DARK_SPREAD = 14.0


@dataclass(frozen=True, slots=True)
class Still:
    """A frame as it is displayed; ``width`` and ``height`` are those of the frame unscaled."""

    image: Image.Image
    width: int
    height: int
    at_ms: int | None


def interest(grey: Grey) -> float:
    """How much there is to see in a small grey picture: the spread of its levels, 0..127."""
    return float(grey.std())


def is_dull(grey: Grey) -> bool:
    """Whether a frame is nearly black or of one colour: it tells nothing about the video."""
    spread = interest(grey)
    return spread < _FLAT or (float(grey.mean()) < _DARK_MEAN and spread < _DARK_SPREAD)


def write_pictures(image: Image.Image, outputs: Sequence[Picture]) -> tuple[WrittenPicture, ...]:
    """Write the image in each size, never enlarged, each whole or not at all.

    Raises MediaRefused.
    """
    try:
        return tuple(_write(image, one) for one in outputs)
    except OSError as error:
        raise MediaRefused(Reason.NOT_WRITTEN, error.strerror or "") from error


def _write(image: Image.Image, output: Picture) -> WrittenPicture:
    width = min(image.width, output.max_width)
    height = max(round(image.height * width / image.width), 1)
    if width != image.width:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    unfinished = output.path + b".part"  # always the same name: what a crash leaves is overwritten
    try:
        with open(unfinished, "wb") as file:
            image.save(file, "WEBP", quality=output.quality, method=2)
            file.flush()
            os.fsync(file.fileno())
        size = os.stat(unfinished).st_size
        os.replace(unfinished, output.path)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
    return WrittenPicture(output.path, width, height, size)

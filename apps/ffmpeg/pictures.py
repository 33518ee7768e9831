"""Judges frames and writes pictures."""

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from apps.ffmpeg.messages import Made, MadeFile
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import CoverOptions

Grey = NDArray[Any]
"""A small 8-bit grey picture."""

_FLAT = 5.0  # standard deviation of the grey levels of a frame of one colour, with some noise
_DARK_MEAN = 20.0
_DARK_SPREAD = 14.0
_FORMATS: dict[str, dict[str, Any]] = {"webp": {"method": 2}, "avif": {"speed": 8}}


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


def cover(still: Still, options: CoverOptions, folder: bytes) -> Made:
    """Write the cover in each size, never enlarged. Raises MediaRefused."""
    files = []
    for name, (width, quality) in sorted(options.sizes.items(), key=lambda size: -size[1][0]):
        image = _at_most(still.image, width)
        files.append(
            write_picture(
                image, folder, kind="cover", name=name, quality=quality, suffix=options.format
            )
        )
    data = {"at_ms": still.at_ms, "width": still.width, "height": still.height}
    return Made(kind="cover", files=tuple(files), data=data)


def write_picture(
    image: Image.Image, folder: bytes, *, kind: str, name: str, quality: int, suffix: str = "webp"
) -> MadeFile:
    """Write ``<kind>-<name>.<suffix>``, whole or not at all. Raises MediaRefused."""
    path = os.path.join(folder, f"{kind}-{name}.{suffix}".encode())
    try:
        image.save(os.fsdecode(path), suffix.upper(), quality=quality, **_FORMATS[suffix])
        size = os.stat(path).st_size
    except OSError as error:
        with suppress(OSError):
            os.unlink(path)
        raise MediaRefused(Reason.NOT_WRITTEN, error.strerror or "") from error
    return MadeFile(name=name, path=path, size_bytes=size, width=image.width, height=image.height)


def _at_most(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(round(image.height * width / image.width), 1)
    return image.resize((width, height), Image.Resampling.LANCZOS)

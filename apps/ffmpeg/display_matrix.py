"""Writes the note "turn me" into an mp4 file that has none."""

import struct
from pathlib import Path

_ONE, _UNIT = 1 << 16, 1 << 30
_MATRICES = {
    90: (0, -_ONE, 0, _ONE, 0, 0, 0, 0, _UNIT),
    180: (-_ONE, 0, 0, 0, -_ONE, 0, 0, 0, _UNIT),
    270: (0, _ONE, 0, -_ONE, 0, 0, 0, 0, _UNIT),
}
_MATRIX_AT = 44  # bytes from the box's name on, in version 0 (ISO/IEC 14496-12, 8.3.2)


def turn_mp4(path: Path, degrees: int) -> None:
    """Have the first track shown turned counter-clockwise by 90, 180 or 270 degrees.

    ffmpeg's option for it changed its name between versions; the file format didn't.
    """
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + _MATRIX_AT
    data[at : at + 36] = struct.pack(">9i", *_MATRICES[degrees])
    path.write_bytes(data)

"""Telling copies of a media file apart: padding as its container provides for it, at its end."""

from collections.abc import Callable
from pathlib import Path


def stamped(content: bytes, suffix: str, number: int) -> bytes:
    """The same media with another content."""
    text = f"copy {number:09d}".encode()
    return content + _PADDING.get(suffix.lower(), bytes)(text)


def _box(text: bytes) -> bytes:
    return (8 + len(text)).to_bytes(4, "big") + b"free" + text


def _void(text: bytes) -> bytes:
    return b"\xec" + bytes([0x80 | len(text)]) + text


def _chunk(text: bytes) -> bytes:
    text += b" " * (len(text) % 2)
    return b"JUNK" + len(text).to_bytes(4, "little") + text


def _null_packet(text: bytes) -> bytes:
    return b"\x47\x1f\xff\x10" + text.ljust(184, b"\xff")


def _padding_stream(text: bytes) -> bytes:
    return b"\x00\x00\x01\xbe" + len(text).to_bytes(2, "big") + text


def _script_tag(text: bytes) -> bytes:
    length = len(text).to_bytes(3, "big")
    return b"\x12" + length + bytes(7) + text + (11 + len(text)).to_bytes(4, "big")


def _old_tag(text: bytes) -> bytes:
    return b"TAG" + bytes(94) + text.ljust(30, b"\0") + b"\xff"


def _filler(text: bytes) -> bytes:
    key = bytes.fromhex("060e2b34010101020301021001000000")
    return key + bytes([len(text)]) + text


_PADDING: dict[str, Callable[[bytes], bytes]] = {
    **dict.fromkeys((".mp4", ".mov", ".m4a", ".m4v", ".3gp"), _box),
    **dict.fromkeys((".mkv", ".webm", ".mka"), _void),
    **dict.fromkeys((".avi", ".wav"), _chunk),
    **dict.fromkeys((".mpg", ".vob"), _padding_stream),
    **dict.fromkeys((".mp3", ".aac"), _old_tag),
    ".ts": _null_packet,
    ".flv": _script_tag,
    ".mxf": _filler,
}


def write_copies(originals: list[Path], folders: list[Path], count: int) -> None:
    """Write ``count`` copies into the folders by turns, no two with the same content."""
    contents = [(path, path.read_bytes()) for path in originals]
    for number in range(count):
        path, content = contents[number % len(contents)]
        folder = folders[number % len(folders)]
        target = folder / f"{path.stem} {number:05d}{path.suffix}"
        target.write_bytes(stamped(content, path.suffix, number))

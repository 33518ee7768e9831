"""H.264, HEVC and MPEG-2 as bytes: units, and the two ways in which they follow another."""

import re
from collections.abc import Iterator

_START = re.compile(b"\x00\x00\x01")
_IDR = {"h264": {5}, "hevc": {16, 17, 18, 19, 20}}  # BLA and IDR
_OPEN = {"mpeg4", "msmpeg4v3", "vc1", "wmv3"}  # whose B frames may follow any key frame
_GROUP = b"\x00\x00\x01\xb8"  # MPEG-2's head of a group, with its flag closed_gop
_PARAMETERS = {"h264": {7, 8}, "hevc": {32, 33, 34}}


def is_closed(codec: str, packet: bytes, extradata: bytes) -> bool:
    """Whether what follows a key frame refers to nothing before it.

    A clean random access point of HEVC may be followed by pictures that do, so it isn't.
    """
    if codec in {"mpeg1video", "mpeg2video"}:
        at = packet.find(_GROUP)
        return at >= 0 and len(packet) > at + 7 and bool(packet[at + 7] & 0x40)
    if codec not in _IDR:
        return codec not in _OPEN
    kinds = {_kind(codec, unit) for unit in units(codec, packet, extradata)}
    return bool(kinds & _IDR[codec])


def units(codec: str, packet: bytes, extradata: bytes) -> Iterator[bytes]:
    """The units of a packet, without what stands between them."""
    size = length_size(codec, extradata)
    if not size:
        yield from _by_start_codes(packet)
        return
    at = 0
    while at + size <= len(packet):
        length = int.from_bytes(packet[at : at + size], "big")
        yield packet[at + size : at + size + length]
        at += size + length


def length_size(codec: str, extradata: bytes) -> int:
    """How many bytes say a unit's length; 0 where units begin with start codes."""
    at = 21 if codec == "hevc" else 4
    return (extradata[at] & 3) + 1 if len(extradata) > at + 2 and extradata[0] == 1 else 0


def like(codec: str, packet: bytes, extradata: bytes) -> bytes:
    """A packet with start codes as packets of the source are."""
    size = length_size(codec, extradata)
    if not size:
        return packet
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in _by_start_codes(packet))


def parameter_sets(codec: str, extradata: bytes) -> bytes:
    """The parameter sets of a stream as the units of its packets are written."""
    size = length_size(codec, extradata)
    if not size:
        return extradata
    found = _of_hvcc(extradata) if codec == "hevc" else _of_avcc(extradata)
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in found)


def _of_avcc(extradata: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + length]
            at += 2 + length


def _of_hvcc(extradata: bytes) -> Iterator[bytes]:
    arrays, at = extradata[22], 23
    for _ in range(arrays):
        count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + length]
            at += 2 + length


def _by_start_codes(packet: bytes) -> Iterator[bytes]:
    starts = [match.end() for match in _START.finditer(packet)]
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        if following is None:
            yield packet[start:]
        else:
            yield packet[start : following - 3].rstrip(b"\0")


def _kind(codec: str, unit: bytes) -> int:
    if not unit:
        return -1
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F

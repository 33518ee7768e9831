"""Fingerprints of files. Plain reads at given places: nothing here depends on FFmpeg."""

import os

import xxhash

END_BYTES = 65_536
SAMPLES = 8
SAMPLE_BYTES = 16_384
WHOLE_BYTES = 2 * END_BYTES + SAMPLES * SAMPLE_BYTES  # of these the fingerprint covers every byte


class Ends:
    """The first and last 64 KiB of an open file of ``size`` bytes, read once."""

    def __init__(self, fd: int, size: int) -> None:
        length = min(size, END_BYTES)
        self.fd = fd
        self.size = size
        self.head = read_at(fd, 0, length)
        self.tail = self.head if size <= END_BYTES else read_at(fd, size - length, length)


def oshash(ends: Ends) -> str:
    """The OpenSubtitles hash as Stash computes it: 16 lower-case hex digits.

    The size plus the little-endian 64-bit words of the first and last 64 KiB, modulo 2^64. Of a
    smaller file, the whole words that it has are read from its start and from its end. A file of
    8 bytes or fewer has none: ``""``.
    """
    if ends.size <= 8:
        return ""
    import numpy as np  # most programs that import this module hash nothing

    length = min(ends.size, END_BYTES) // 8 * 8
    head = np.frombuffer(ends.head[:length], dtype="<u8")
    tail = np.frombuffer(ends.tail[-length:], dtype="<u8")
    words = int(head.sum(dtype=np.uint64)) + int(tail.sum(dtype=np.uint64))
    return f"{(ends.size + words) % 2**64:016x}"


def content_fingerprint(ends: Ends) -> str:
    """Tells files apart without reading them whole: 32 lower-case hex digits.

    XXH3-128 (seed 0) of: the size as 8 bytes little-endian; then, of a file of at most 256 KiB,
    all of it; of a larger one its first 64 KiB, eight samples of 16 KiB that begin at
    ``size * k // 9`` for k = 1..8, and its last 64 KiB, in this order. Two files that differ only
    between the samples have the same fingerprint.
    """
    digest = xxhash.xxh3_128(ends.size.to_bytes(8, "little"))
    if ends.size <= END_BYTES:
        digest.update(ends.head)
    elif ends.size <= WHOLE_BYTES:
        digest.update(read_at(ends.fd, 0, ends.size))
    else:
        digest.update(ends.head)
        for k in range(1, SAMPLES + 1):
            digest.update(read_at(ends.fd, ends.size * k // (SAMPLES + 1), SAMPLE_BYTES))
        digest.update(ends.tail)
    return digest.hexdigest()


def read_at(fd: int, offset: int, length: int) -> bytes:
    """``length`` bytes from ``offset``, fewer only at the end of the file."""
    first = os.pread(fd, length, offset)
    if len(first) == length or not first:
        return first
    parts = [first]
    missing = length - len(first)
    while missing and (part := os.pread(fd, missing, offset + length - missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)

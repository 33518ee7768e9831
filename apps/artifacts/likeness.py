"""Which 64-bit hashes lie close to one another. Numbers in, numbers out.

Two hashes within ``MOST_BITS`` = 8 bits differ in two bits at most in one of their four quarters.
So each hash is compared with those that share a quarter, or nearly so, instead of with all.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]

MOST_BITS = 8
NONE_NEAR = 255
_QUARTERS = 4
_KEYS = 1 << 16
_AT_ONCE = 2_000_000  # pairs that are looked at together: some 50 MB


def _masks() -> NDArray[np.uint16]:
    """All that differs from a quarter in two bits at most."""
    one = [1 << bit for bit in range(16)]
    two = [a | b for a in one for b in one if a < b]
    return np.array([0, *one, *two], dtype=np.uint16)


_MASKS = _masks()


class Neighbours:
    """Looks up hashes among given ones, none of which comes twice."""

    def __init__(self, among: Hashes) -> None:
        self.among = among
        self._order: list[Numbers] = []
        self._starts: list[Numbers] = []
        for quarter in range(_QUARTERS):
            keys = _quarter(among, quarter)
            self._order.append(np.argsort(keys, kind="stable"))
            counts = np.bincount(keys, minlength=_KEYS)
            self._starts.append(np.concatenate([[0], np.cumsum(counts)]))

    def near(self, hashes: Hashes) -> Numbers:
        """The places of those within ``MOST_BITS`` of any of the hashes."""
        found = np.zeros(len(self.among), dtype=bool)
        for _mine, theirs, _bits in self._pairs(hashes):
            found[theirs] = True
        return np.flatnonzero(found)

    def nearest(self, hashes: Hashes) -> NDArray[np.uint8]:
        """For each hash the bits between it and the nearest other one, or ``NONE_NEAR``."""
        least = np.full(len(hashes), NONE_NEAR, dtype=np.uint8)
        for mine, _theirs, bits in self._pairs(hashes):
            other = bits > 0
            np.minimum.at(least, mine[other], bits[other])
        return least

    def _pairs(self, hashes: Hashes) -> Iterator[tuple[Numbers, Numbers, NDArray[np.uint8]]]:
        """Pairs of places within ``MOST_BITS``, and their bits; some pairs come more than once."""
        for quarter in range(_QUARTERS):
            starts = self._starts[quarter]
            probes = _quarter(hashes, quarter)[:, None] ^ _MASKS[None, :]
            lengths = (starts[probes.astype(np.int64) + 1] - starts[probes]).sum(axis=1)
            for part in _portions(lengths):
                yield from self._compare(hashes, part, probes[part], quarter)

    def _compare(self, hashes: Hashes, part: slice, probes: Any, quarter: int) -> Iterator[Any]:
        starts, keys = self._starts[quarter], probes.ravel().astype(np.int64)
        first = starts[keys]
        lengths = starts[keys + 1] - first
        mine = np.repeat(np.repeat(np.arange(part.start, part.stop), probes.shape[1]), lengths)
        before = np.cumsum(lengths) - lengths
        places = np.arange(len(mine)) - np.repeat(before - first, lengths)
        theirs = self._order[quarter][places]
        bits = np.bitwise_count(hashes[mine] ^ self.among[theirs])
        close = bits <= MOST_BITS
        yield mine[close], theirs[close], bits[close]


def _quarter(hashes: Hashes, number: int) -> NDArray[np.uint16]:
    return ((hashes >> np.uint64(16 * number)) & np.uint64(_KEYS - 1)).astype(np.uint16)


def _portions(lengths: Numbers) -> Iterator[slice]:
    """Cuts the hashes so that few pairs are looked at together, however common a quarter is."""
    ends = np.cumsum(lengths)
    start, count = 0, len(lengths)
    while start < count:
        reached = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, reached + _AT_ONCE, side="right"))
        stop = min(max(stop, start + 1), start + _AT_ONCE // len(_MASKS), count)
        yield slice(start, stop)
        start = stop

"""Values over the length of a file, gathered in equal bins and drawn as 0..100."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

_QUIETEST_DB = 60.0  # below full scale: what is drawn as 0
_HIGH = 98  # percentile that is drawn as 100: one odd bin must not flatten all the others


class Curve:
    """``points`` bins over ``length_s`` seconds; each keeps a mean and a maximum."""

    def __init__(self, points: int, length_s: float) -> None:
        self.points = points
        self._per_second = points / length_s
        self._sum = np.zeros(points)
        self._count = np.zeros(points)
        self._most = np.zeros(points)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._count.any()

    def add(self, at_s: float, values: Floats, most: Floats, *, step_s: float = 0.0) -> None:
        """Values from ``at_s`` on, ``step_s`` apart, none below 0; ``most`` as many, for the peaks.

        What lies outside of the file's length is passed over.
        """
        first = at_s * self._per_second
        last = (at_s + (len(values) - 1) * step_s) * self._per_second
        if len(values) == 0 or last < 0 or first >= self.points:
            return
        if int(first) == int(last) and first >= 0:
            place = int(first)
            self._sum[place] += values.sum(dtype=np.float64)
            self._count[place] += len(values)
            self._most[place] = max(self._most[place], most.max())
            return
        self.scatter(at_s + np.arange(len(values)) * step_s, values, most)

    def scatter(self, at_s: Floats, values: Floats, most: Floats) -> None:
        """Values at these seconds."""
        bins = np.floor(at_s * self._per_second)
        inside = (bins >= 0) & (bins < self.points)
        places = bins[inside].astype(np.intp)
        self._sum += np.bincount(places, values[inside], self.points)
        self._count += np.bincount(places, minlength=self.points)
        np.maximum.at(self._most, places, most[inside])

    def mean(self, *, fill_s: float) -> Floats:
        """The mean of each bin; an empty one is as its neighbours are up to ``fill_s``, else 0."""
        return self._filled(self._sum / np.maximum(self._count, 1), fill_s)

    def most(self, *, fill_s: float) -> Floats:
        """The greatest value of each bin; the empty ones as for ``mean``."""
        return self._filled(self._most, fill_s)

    def _filled(self, values: Floats, fill_s: float) -> Floats:
        known = np.flatnonzero(self._count)
        if not len(known):
            return values
        places = np.arange(self.points)
        after = np.searchsorted(known, places).clip(0, len(known) - 1)
        before = (np.searchsorted(known, places, side="right") - 1).clip(0)
        gap = np.minimum(abs(places - known[before]), abs(known[after] - places))
        near = gap <= fill_s * self._per_second
        return np.where(near, np.interp(places, known, values[known]), 0.0)


def decibels(power: Floats) -> list[int]:
    """Power (1: full scale) as 0..100: -60 dB and less is 0, 0 dB is 100, even steps between."""
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return _whole((level / _QUIETEST_DB + 1) * 100)


def linear(values: Floats) -> list[int]:
    """0..1 as 0..100."""
    return _whole(values * 100)


def relative(values: Floats) -> list[int]:
    """Each value as its part of a high one among them, 0..100."""
    above = values[values > 0]
    return _whole(values * (100 / np.percentile(above, _HIGH)) if len(above) else values)


def _whole(values: Floats) -> list[int]:
    return [int(value) for value in np.rint(np.clip(values, 0, 100))]

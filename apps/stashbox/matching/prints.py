"""Fingerprints of a video beside a scene's, and what each pair of them is worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from apps.stashbox.matching.lengths import difference_ms, length_reason
from apps.stashbox.matching.shapes import LocalPrint, Reason, VideoFacts
from apps.stashbox.schema import RemotePrint, RemoteScene

MOST_BITS = 10  # what is farther away is another picture
NEAR_BITS = 4  # a re-encode; what is farther may be another scene on the same set
_SHORT_MS = 60_000
_BITS = 64

_SAME_FILE = 80
_NEAR = (79, 79, 78, 78, 77)
_FAR = (60, 55, 50, 45, 40, 35)
_CONFIRMED, _REPORTED, _REFUTED = 3, -3, -20
_LEAST_SUBMISSIONS = 2


@dataclass(frozen=True)
class Pair:
    """A fingerprint here that is one of the scene's, or near it."""

    local: LocalPrint
    remote: RemotePrint
    distance: int
    local_ms: int | None
    remote_ms: int | None

    @property
    def is_file(self) -> bool:
        """Whether it is of the file's bytes instead of its picture."""
        return self.local.algorithm != "PHASH"

    @cached_property
    def difference_ms(self) -> int | None:
        return difference_ms(self.local_ms, self.remote_ms)

    @cached_property
    def reasons(self) -> list[Reason]:
        """What speaks for it and against it."""
        return [
            self._likeness(), length_reason(self.local_ms, self.remote_ms, exact=self.is_file),
            *self._confidence(), *self._shortness(),
        ]  # fmt: skip

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.reasons)

    @property
    def is_doubted(self) -> bool:
        return any(reason.is_doubt for reason in self.reasons)

    @property
    def is_refuted(self) -> bool:
        """Whether as many people there say that it is wrong as say that it is right."""
        return 0 < self.remote.reports >= self.remote.submissions

    def _likeness(self) -> Reason:
        if self.is_file:
            name = self.local.algorithm.lower()
            return Reason(f"The file is the same, by its {name}.", _SAME_FILE)
        if self.distance == 0:
            return Reason("The picture is the same, by its phash.", _NEAR[0])
        said = f"The picture is alike: {self.distance} of {_BITS} bits of its phash differ."
        return Reason(said, (*_NEAR, *_FAR)[self.distance])

    def _confidence(self) -> Iterator[Reason]:
        yes, no = self.remote.submissions, self.remote.reports
        if self.is_refuted:
            said = f"The fingerprint was reported as wrong {no:,} times, and given {yes:,} times."
            yield Reason(said, _REFUTED, is_doubt=True)
            return
        if yes >= _LEAST_SUBMISSIONS:
            yield Reason(f"The fingerprint was given {yes:,} times.", _CONFIRMED)
        if no:
            yield Reason(f"The fingerprint was reported as wrong {no:,} times.", _REPORTED)

    def _shortness(self) -> Iterator[Reason]:
        if not self.is_file and (self.local_ms or 0) < _SHORT_MS:
            said = "Clips of less than a minute look alike too easily to go by the picture alone."
            yield Reason(said, 0, is_doubt=True)


def pairs_of(facts: VideoFacts, scene: RemoteScene) -> list[Pair]:
    """The fingerprints that say something, the most telling first, whatever their order was."""
    found = {
        pair for local in facts.prints for remote in scene.fingerprints
        if (pair := _pair(local, remote, facts, scene))
    }  # fmt: skip
    return sorted(found, key=_by_worth)


def distance_of(one: str, other: str) -> int | None:
    """The bits in which two phashes differ; None where one is none or tells nothing (all zero)."""
    try:
        a, b = int(one, 16), int(other, 16)
    except ValueError:
        return None
    if not (0 < a < 1 << _BITS and 0 < b < 1 << _BITS):
        return None
    return (a ^ b).bit_count()


def _pair(
    local: LocalPrint, remote: RemotePrint, facts: VideoFacts, scene: RemoteScene
) -> Pair | None:
    if local.algorithm != remote.algorithm:
        return None
    if local.algorithm == "PHASH":
        distance = distance_of(local.hash, remote.hash)
    else:
        distance = 0 if local.hash.lower() == remote.hash.lower() != "" else None
    if distance is None or distance > MOST_BITS:
        return None
    seconds = remote.duration_s or scene.duration_s or 0
    return Pair(
        local, remote, distance, local.duration_ms or facts.duration_ms, seconds * 1_000 or None
    )


def _by_worth(pair: Pair) -> tuple[object, ...]:
    return (
        -pair.points, pair.is_doubted, pair.local.algorithm, pair.distance, pair.local.hash,
        pair.remote.hash, pair.local_ms or 0, pair.remote_ms or 0, -pair.remote.submissions,
        pair.remote.reports,
    )  # fmt: skip

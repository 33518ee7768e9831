"""What a regrouping would change if no person had spoken, for people to decide."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from apps.faces.choices import ProposalKind, ProposalState
from apps.faces.grouping import Thresholds
from apps.faces.grouping.constraints import contained, pair_keys
from apps.faces.grouping.graph import faces_of, neighbours, others_of
from apps.faces.grouping.linkage import Groups, sum_up
from apps.faces.models import Identity, Proposal
from apps.faces.services.identities import take_turn
from apps.faces.services.regroup.planning import Wanted
from apps.faces.services.regroup.reading import NOBODY, Faces, Numbers

_MOST = 2_000  # the surest ones
_LEAST_SPLIT = 2  # faces: a single one that fits badly is seen among its identity's last
_MOST_TRACKS = 5_000


@dataclass(frozen=True, slots=True)
class Proposed:
    """As ``models.Proposal``."""

    kind: ProposalKind
    identity: int
    other: int | None
    tracks: tuple[int, ...]
    similarity: float

    @property
    def digest(self) -> str:
        """The same for the same, whenever it is proposed; two may be merged either way."""
        pair = [self.identity, self.other or 0]
        pair = sorted(pair) if self.kind is ProposalKind.MERGE else pair
        text = f"{self.kind.value} {pair} {list(self.tracks)}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class _Forbidden:
    """Pairs of identities that are two people: said so, seen together, or a face of the one was
    rejected from the other. There may be millions."""

    keys: Numbers
    most: int

    @classmethod
    def of(cls, faces: Faces) -> Self:
        seen = faces.identities[faces.moments]
        said = np.stack([faces.identities[faces.rejected[:, 0]], faces.rejected[:, 1]], axis=1)
        pairs = np.concatenate([faces.aparts, seen, said])
        most = int(pairs.max(initial=0)) + 1
        return cls(pair_keys(pairs[(pairs >= 0).all(axis=1)], most), most)

    def has(self, one: int, other: int) -> bool:
        if max(one, other) >= self.most:
            return False
        key = np.array([min(one, other) * self.most + max(one, other)])
        return bool(contained(key, self.keys)[0])


def propose(faces: Faces, wanted: Wanted, thresholds: Thresholds) -> list[Proposed]:
    """The surest first, no more than 2,000."""
    people, local = np.unique(faces.identities[faces.identities >= 0], return_inverse=True)
    labels = np.full(len(faces.ids), -1)
    labels[faces.identities >= 0] = local
    groups = sum_up(faces.vectors, np.arange(len(labels)), labels, len(people))
    forbidden = _Forbidden.of(faces)
    found = [
        *_of_faces(faces, wanted, people, groups, forbidden),
        *_alike(faces, people, groups, thresholds, forbidden),
    ]
    once = {each.digest: each for each in sorted(found, key=lambda each: each.similarity)}
    return sorted(once.values(), key=lambda each: (-each.similarity, each.digest))[:_MOST]


def keep_proposals(proposed: Sequence[Proposed]) -> int:
    """Store those that are new and take away open ones that are no longer proposed; how many are
    open. What was refused or taken once is never proposed again, and nothing is of people who were
    merged or wiped since."""
    take_turn()
    named = {pk for each in proposed for pk in (each.identity, each.other) if pk is not None}
    there = set(Identity.objects.standing().filter(pk__in=named).values_list("pk", flat=True))
    proposed = [p for p in proposed if p.identity in there and (p.other or p.identity) in there]
    digests = [each.digest for each in proposed]
    Proposal.objects.filter(state=ProposalState.OPEN).exclude(digest__in=digests).delete()
    rows = [
        Proposal(
            kind=each.kind, identity_id=each.identity, other_id=each.other,
            tracks=list(each.tracks), similarity=each.similarity, digest=each.digest,
        )
        for each in proposed
    ]  # fmt: skip
    Proposal.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return Proposal.objects.filter(state=ProposalState.OPEN).count()


def _of_faces(
    faces: Faces, wanted: Wanted, people: Numbers, groups: Groups, forbidden: _Forbidden
) -> Iterator[Proposed]:
    """Faces that belong elsewhere, by where they are and where they would go."""
    stand = set(faces.identities[faces.firm].tolist())  # with confirmed faces, which don't go along
    stays = (wanted.grouped != wanted.becomes) & (faces.identities >= 0) & ~faces.firm
    stays &= (wanted.grouped != faces.identities) & (wanted.grouped != NOBODY)
    rows = np.flatnonzero(stays)
    order = rows[np.lexsort((rows, wanted.grouped[rows], faces.identities[rows]))]
    keys = np.stack([faces.identities[order], wanted.grouped[order]], axis=1)
    starts = np.flatnonzero(np.append(True, (np.diff(keys, axis=0) != 0).any(axis=1)))
    for part in np.split(order, starts[1:]) if len(order) else []:
        here, there = int(faces.identities[part[0]]), int(wanted.grouped[part[0]])
        size = int(groups.sizes[np.searchsorted(people, here)])
        if there >= 0 and forbidden.has(here, there):
            continue
        tracks = tuple(faces.ids[part[:_MOST_TRACKS]].tolist())
        whole = 2 * len(part) >= size and here not in stand
        if there >= 0 and whole and not _both_named(faces, here, there):
            kind, other, tracks = ProposalKind.MERGE, there, ()
        elif there >= 0:
            kind, other = ProposalKind.ASSIGN, there
        elif len(part) >= _LEAST_SPLIT and len(part) < size:
            kind, other = ProposalKind.SPLIT, None
        else:
            continue
        yield Proposed(kind, here, other, tracks, _likeness(faces, part, there, people, groups))


def _likeness(faces: Faces, part: Numbers, there: int, people: Numbers, groups: Groups) -> float:
    """Of faces to where they would go; of those that would go away together, to one another."""
    total = faces.vectors[part].sum(axis=0)
    at = int(np.searchsorted(people, there)) if there >= 0 else -1
    if 0 <= at < len(people) and people[at] == there:
        towards = groups.sums[at]
        return float(total @ towards / max(np.linalg.norm(total) * np.linalg.norm(towards), 1e-9))
    return float(np.linalg.norm(total) / len(part))


def _alike(
    faces: Faces, people: Numbers, groups: Groups, thresholds: Thresholds,
    forbidden: _Forbidden,
) -> Iterator[Proposed]:  # fmt: skip
    """Two of whom people have spoken, and who are as alike as one."""
    settled = np.flatnonzero(np.isin(people, faces.settled))
    edges = neighbours(groups.middles, settled, floor=thresholds.merge)
    one, other = settled[faces_of(edges)], settled[others_of(edges)]
    once = one < other
    one, other = one[once], other[once]
    mean = _mean(groups, one, other)
    smaller = np.minimum(groups.sizes[one], groups.sizes[other])
    least = thresholds.merge + max(0.0, thresholds.join - thresholds.merge) / smaller
    for at in np.flatnonzero(mean >= least).tolist():
        pair = sorted((one[at], other[at]), key=lambda place: (groups.sizes[place], -people[place]))
        small, large = (int(people[place]) for place in pair)
        if forbidden.has(small, large) or _both_named(faces, small, large):
            continue
        if small in faces.named:  # the name stays
            small, large = large, small
        yield Proposed(ProposalKind.MERGE, small, large, (), float(mean[at]))


def _mean(groups: Groups, one: Numbers, other: Numbers) -> NDArray[np.float64]:
    product = np.einsum("ij,ij->i", groups.sums[one], groups.sums[other], dtype=np.float64)
    mean: NDArray[np.float64] = product / (groups.sizes[one] * groups.sizes[other])
    return mean


def _both_named(faces: Faces, one: int, other: int) -> bool:
    return bool(np.isin([one, other], faces.named).all())

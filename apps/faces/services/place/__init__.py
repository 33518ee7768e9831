"""Giving new faces to the identities that they are nearest to."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.core.progress import Progress, silent
from apps.faces.services import naming, vectors
from apps.faces.services.place.deciding import decide_places, thresholds_of
from apps.faces.services.place.reading import read
from apps.faces.services.place.writing import Wanted, write

__all__ = ["Placed", "place", "thresholds_of"]

_AT_ONCE = 200  # faces: their likenesses to 100,000 identities are 80 MB
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Placed:
    """How many faces joined somebody, began somebody new, or wait for a better picture."""

    joined: int = 0
    started: int = 0
    waiting: int = 0


def place(track_ids: Collection[int], *, report: Progress = silent) -> Placed:
    """Give faces that nobody has, and of which nobody has spoken, to whom they are nearest to.

    A face joins the nearest identity that is alike enough, that it was not rejected from, and that
    no other face of the same moment has. If there is none it begins one, if it is clear enough, or
    waits. A performer's picture is the performer's. All are judged as well (``naming``), also those
    that were placed before. It takes one statement to read and one to write for some hundreds of
    faces in videos. ``report`` counts faces.
    """
    wanted = sorted(set(track_ids))
    few = len(wanted) <= _AT_ONCE
    total: Counter[str] = Counter()
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        total += _place_some(some, judging=few)
        report(first + len(some), len(wanted))
    if not few:
        naming.judge(wanted)  # all at once: nobody is seen twice at a time
    return Placed(**total)


@transaction.atomic(savepoint=False)
def _place_some(track_ids: Sequence[int], *, judging: bool) -> Counter[str]:
    total: Counter[str] = Counter()
    gone: set[int] = set()
    new = 0
    for turn in range(_TRIES):
        if turn == _TRIES - 1:
            vectors.forget()  # too many were merged or wiped by others: all is read again
        known = read(track_ids)
        new = new or len(known.new)
        places = decide_places(known, gone)
        done = write(known, Wanted(places, known.weighed() if judging else None))
        total.update(joined=done.joined, started=done.started)
        if not done.lacking:
            break
        vectors.drop(known.settings.engine, done.lacking)
        gone |= done.lacking
        track_ids, judging = done.left, False
    total.update(waiting=new - total["joined"] - total["started"])
    return total

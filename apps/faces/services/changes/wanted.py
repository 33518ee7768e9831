"""What a change is asked to do, and why it may be refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Final, Literal

from apps.core.errors import Conflict
from apps.faces.choices import Verdict


class StaleFaces(Conflict):
    """Faces aren't where they were thought to be, or somebody judged them; nothing was changed."""

    code = "stale_faces"


class RejectedBefore(Conflict):
    """Faces would come to whom a person said that they are not; nothing was changed."""

    code = "rejected_before"


class NotToBeFound(Conflict):
    """Somebody is not to be found again: they get no faces, and no name; nothing was changed."""

    code = "not_to_be_found"


class NothingToChange(Conflict):
    """All is so already; nothing was changed."""

    code = "nothing_to_change"


class Anywhere(Enum):
    """Wherever the faces are now."""

    ANYWHERE = "anywhere"


ANYWHERE: Final = Anywhere.ANYWHERE


class Stale(StrEnum):
    """What happens to faces that were moved or judged meanwhile."""

    REFUSE = "refuse"  # then nothing is changed
    LEAVE = "leave"  # the others are changed: a machine's way, which goes round people's verdicts


@dataclass(frozen=True, slots=True)
class MoveWanted:
    """Faces that go to an identity (None: to none) with a verdict (None: each keeps its own).

    ``source`` is where they are thought to be. ``given`` is who gave the verdict and when, if not
    whoever acts now.
    """

    tracks: Sequence[int]
    target: int | None
    verdict: Verdict | None = None
    source: int | Literal[Anywhere.ANYWHERE] | None = ANYWHERE
    given: tuple[int | None, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where a face is, and what a person said of it."""

    identity: int | None
    verdict: str
    by: int | None = None
    at: datetime | None = None


class States(dict[tuple[Any, ...], State]):
    """States by their values, each made once: a million faces share few."""

    def __missing__(self, values: tuple[Any, ...]) -> State:
        state = self[values] = State(*values)
        return state


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rejections (face, identity) or aparts (identity, identity) to be said and taken back."""

    add: tuple[tuple[int, int], ...] = ()
    remove: tuple[tuple[int, int], ...] = ()

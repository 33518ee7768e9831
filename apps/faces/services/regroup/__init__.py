"""Grouping all faces anew: what nobody has spoken of changes, the rest is proposed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.faces.models import FaceChange, FaceSettings, Track

if TYPE_CHECKING:
    from apps.faces.services.regroup.run import Plan

__all__ = ["TooManyToForesee", "foresee", "foresee_at_once", "regroup"]

_MOST_AT_ONCE = 200_000  # faces: half a minute, and some hundred MB


class TooManyToForesee(MediaHubError):
    """What a regrouping would do can't be worked out at once; nothing was changed."""

    code = "too_many_to_foresee"


def foresee_at_once(settings: FaceSettings | None = None) -> "Plan":
    """As ``foresee``, for somebody who waits. Raises TooManyToForesee."""
    if Track.objects.all()[:_MOST_AT_ONCE].count() == _MOST_AT_ONCE:
        raise TooManyToForesee(
            "There are too many faces to work it out while you wait: ask for it in a shell, by "
            "`manage.py faces group --dry-run`."
        )
    return foresee(settings)


def foresee(settings: FaceSettings | None = None, *, report: Progress = silent) -> "Plan":
    """What would be done by these settings, or those that are stored; nothing is written."""
    from apps.faces.services.regroup import run  # numpy: not in every process

    return run.foresee(settings, report=report)


def regroup(
    *,
    report: Progress = silent,
    guard: Callable[[], AbstractContextManager[Any]] = transaction.atomic,
) -> FaceChange | None:
    """Group all faces anew; the change, or None if all is well as it is (``run.regroup``)."""
    from apps.faces.services.regroup import run

    return run.regroup(report=report, guard=guard)

"""Grouping all faces anew: what nobody has spoken of changes, the rest is proposed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.core.progress import Progress, silent
from apps.faces.models import FaceChange, FaceSettings

if TYPE_CHECKING:
    from apps.faces.services.regroup.run import Plan

__all__ = ["foresee", "regroup"]


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

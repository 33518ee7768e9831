"""Changing many videos: what it would do, and doing it."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.db import connection, transaction

from apps.core.models import AuditEntry
from apps.core.progress import Guard, Progress, silent
from apps.editing.services.bulk.changes import Changes
from apps.editing.services.bulk.fields import Field
from apps.editing.services.bulk.hands import Hand, hands, in_turn
from apps.editing.services.bulk.plan import PLAN, Plan, planned
from apps.editing.services.bulk.selection import Selection, chosen
from apps.editing.services.bulk.titles import limited

_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A video that changes. Of sets ``changes`` hold all ids before and all after."""

    id: int
    title: str
    changes: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``matched`` videos were chosen, ``changed`` weren't so already; the samples are of those.

    Without an ``entry`` nothing was written.
    """

    matched: int
    changed: int
    samples: list[Sample] = field(default_factory=list)
    entry: AuditEntry | None = None

    @property
    def unchanged(self) -> int:
        return self.matched - self.changed


@transaction.atomic
def preview(selection: Selection, changes: Changes) -> Outcome:
    """What the changes would do; nothing is written. Raises what ``apply`` raises."""
    changes.check()
    with chosen(selection) as matched, planned(changes) as plan:
        return Outcome(matched, plan.count, samples(plan))


@transaction.atomic
def check(selection: Selection, changes: Changes) -> int:
    """How many videos are chosen. Raises what ``apply`` would whatever the videos."""
    changes.check()
    count = selection.videos.count()
    selection.check_count(count)
    with limited(changes.title):
        return count


def apply(
    selection: Selection,
    changes: Changes,
    *,
    report: Progress = silent,
    guard: Guard = nullcontext,
    shared: bool = False,
    but: AuditEntry | None = None,
) -> Outcome:
    """Change the chosen videos, all or none, under one audit entry; ``report`` counts videos.

    ``shared``: by two hands where they are many, for who can call again with the entry that was
    begun (``but``) when it was killed. Raises ChangesRefused, CustomValueRefused, PatternRefused,
    SelectionChanged, TitleRefused.
    """
    changes.check()

    def edit(*, shared: bool, but: AuditEntry | None) -> Outcome:
        asked = replace(selection, count=None) if but else selection
        make = partial(Hand, partial(planned, changes), samples, but)
        with hands(partial(chosen, asked), make, guard=guard, shared=shared) as all_of_them:
            some = [sample for each in all_of_them.plan() for sample in each]
            if not some and not but:
                return Outcome(all_of_them.matched, 0)
            entry = all_of_them.write(changes.summary(), report=report)
            matched = max(all_of_them.matched, entry.row_count)
            return Outcome(matched, entry.row_count, some[:_SAMPLES], entry)

    return in_turn(edit, shared=shared, but=but)


def samples(plan: Plan) -> list[Sample]:
    """Some rows of the plan."""
    columns = ", ".join(f"plan.{each.name}_old, plan.{each.name}_new" for each in plan.fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT plan.id, video.title, {columns}"  # noqa: S608 - of constants
            f" FROM {PLAN} plan JOIN library_video video USING (id)"
            f" ORDER BY plan.n LIMIT {_SAMPLES}"
        )
        rows = cursor.fetchall()
    return [Sample(pk, title, pairs_of(plan.fields, values)) for pk, title, *values in rows]


def pairs_of(fields: list[Field], values: list[Any]) -> dict[str, list[Any]]:
    """Old and new values of a row of the plan, where they differ, as JSON has them."""
    pairs = zip(fields, values[::2], values[1::2], strict=True)
    return {each.name: [each.plain(old), each.plain(new)] for each, old, new in pairs if old != new}

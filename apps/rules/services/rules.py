"""Rules: which videos get which changes, in which order."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core import audit, context
from apps.core.progress import Guard, Progress, silent
from apps.editing.services.bulk import Changes, Outcome, Selection, apply, preview
from apps.library.search import Asker, Question
from apps.rules.models import Rule


def check_rule(query: str, changes: Any) -> str:
    """The query in its plainest form; whether both can be read, and the labels are there.

    Raises QueryError, ChangesRefused, CustomValueRefused.
    """
    question = Question.read(query, asker=_asker(timezone.localtime()))
    with transaction.atomic():
        Changes.read(changes).check()
    return question.text


def create_rule(rule: Rule) -> Rule:
    """Save a new rule. Raises what ``check_rule`` raises."""
    rule.query = check_rule(rule.query, rule.changes)
    return audit.create(rule)


def edit_rule(
    rule: Rule, values: Mapping[str, Any], *, expected_version: int | None = None
) -> Rule:
    """Change a rule. Raises what ``check_rule`` raises, StaleEdit."""
    values = dict(values)
    if {"query", "changes"} & set(values):
        changes = values.get("changes", rule.changes)
        values["query"] = check_rule(values.get("query", rule.query), changes)
    return audit.update(rule, values, expected_version=expected_version)


def foresee_rule(rule: Rule, *, now: datetime, ids: Sequence[int] | None = None) -> Outcome:
    """What a run would do; nothing is written. Raises as ``run_rule``."""
    selection, changes = _read(rule, now, ids)
    return preview(selection, changes)


def run_rule(
    rule: Rule,
    *,
    now: datetime,
    ids: Sequence[int] | None = None,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Outcome:
    """Change the videos that a rule finds, of ``ids`` only if they are given, all or none.

    One audit entry for all of them. Locked fields stay. Raises QueryError, ChangesRefused and the
    like, should a label or field of the rule be gone.
    """
    selection, changes = _read(rule, now, ids)
    outcome = apply(selection, changes, report=report, guard=guard)
    left = {"ran_at": now} | ({"entry": outcome.entry.pk} if outcome.entry else {})
    Rule.objects.filter(pk=rule.pk).update(**left)
    return outcome


def in_order(ids: Iterable[int] | None = None, *, on_import: bool = False) -> list[Rule]:
    """Rules as they run: those named, else all that are enabled."""
    rules = Rule.objects.order_by("position", "pk")
    if ids is not None:
        return list(rules.filter(pk__in=list(ids)))
    rules = rules.filter(enabled=True)
    return list(rules.filter(on_import=True) if on_import else rules)


def _read(rule: Rule, now: datetime, ids: Sequence[int] | None) -> tuple[Selection, Changes]:
    question = Question.read(rule.query, asker=_asker(now))
    changes = replace(Changes.read(rule.changes), spares_locked=True)
    videos = question.videos()
    return Selection(videos if ids is None else videos.filter(pk__in=list(ids))), changes


def _asker(now: datetime) -> Asker:
    return Asker(context.current().user_id, now)

"""Rules: which videos get which profile by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.transcodes.models import TranscodeRule


class RuleRefused(MediaHubError):
    """A rule can't work; ``field`` says which of its fields is at fault."""

    code = "rule_refused"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def check_rule(rule: TranscodeRule, *, now: datetime) -> str:
    """The query in its plainest form. Raises QueryError, RuleRefused."""
    try:
        rule.clean_fields(exclude=["id", "profile"])
    except ValidationError as error:
        field, said = next(iter(error.message_dict.items()))
        raise RuleRefused(field, said[0]) from None
    if (rule.starts_at is None) != (rule.ends_at is None):
        raise RuleRefused("ends_at", "Give both times of day, or none.")
    if rule.starts_at is not None and rule.starts_at == rule.ends_at:
        raise RuleRefused("ends_at", "The hours end when they begin: give none for the whole day.")
    if any(day > 6 for day in rule.weekdays):
        raise RuleRefused("weekdays", "Weekdays count from 0, Monday, to 6, Sunday.")
    return Question.read(rule.query, asker=_asker(now)).text


def create_rule(rule: TranscodeRule, *, now: datetime) -> TranscodeRule:
    """Save a new rule. Raises what ``check_rule`` raises."""
    rule.query = check_rule(rule, now=now)
    return audit.create(rule)


def edit_rule(
    rule: TranscodeRule,
    values: Mapping[str, Any],
    *,
    now: datetime,
    expected_version: int | None = None,
) -> TranscodeRule:
    """Change a rule. Raises what ``check_rule`` raises, StaleEdit."""
    changed = TranscodeRule.objects.select_related("profile").get(pk=rule.pk)
    for name, value in values.items():
        setattr(changed, name, value)
    values = {**values, "query": check_rule(changed, now=now)}
    return audit.update(rule, values, expected_version=expected_version)


def videos_of(
    rule: TranscodeRule, *, now: datetime, ids: Sequence[int] | None = None
) -> QuerySet[Video]:
    """Those that a rule finds, of ``ids`` only if they are given. Raises QueryError."""
    videos = Question.read(rule.query, asker=_asker(now)).videos()
    return videos if ids is None else videos.filter(pk__in=list(ids))


def left_to(
    rule: TranscodeRule, *, now: datetime, ids: Sequence[int] | None = None
) -> QuerySet[Video]:
    """The same without those that rules before it find. Raises QueryError, also of theirs."""
    videos = videos_of(rule, now=now, ids=ids)
    for other in in_order():
        if (other.position, other.pk) < (rule.position, rule.pk):
            videos = videos.exclude(pk__in=videos_of(other, now=now).order_by().values("pk"))
    return videos


def in_order(
    ids: Iterable[int] | None = None, *, on_import: bool = False, nightly: bool = False
) -> list[TranscodeRule]:
    """Rules as they run: those named, else all that are enabled (and run then)."""
    rules = TranscodeRule.objects.select_related("profile").order_by("position", "pk")
    if ids is not None:
        return list(rules.filter(pk__in=list(ids)))
    rules = rules.filter(enabled=True)
    rules = rules.filter(on_import=True) if on_import else rules
    return list(rules.filter(nightly=True) if nightly else rules)


def note_run(rule: TranscodeRule, *, now: datetime) -> None:
    TranscodeRule.objects.filter(pk=rule.pk).update(ran_at=now)


def _asker(now: datetime) -> Asker:
    return Asker(None, now)  # by night nobody asks: what is tried by day is to be the same

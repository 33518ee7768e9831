"""Conditions on what the asker did with videos."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from apps.library.models import Marker, Viewing
from apps.library.search.field import NOTHING, Scope, is_word, read_flag
from apps.library.search.spans import MomentField, QuantityField
from apps.query import Range, Value


def viewed(scope: Scope, **conditions: Any) -> Q:
    """Videos that the asker has played so."""
    if scope.asker.user_id is None:
        return NOTHING
    rows = Viewing.objects.filter(user=scope.asker.user_id, video=OuterRef("pk"), **conditions)
    return Q(Exists(rows))


def watched(scope: Scope) -> Q:
    """Videos that the asker has played at least once for long enough to count."""
    return viewed(scope, play_count__gt=0)


@dataclass(frozen=True)
class PlayedField(MomentField):
    """When the asker played it last; also yes and no."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        flag = read_flag(value) if isinstance(value, Value) and operator in (":", "=") else None
        if is_word(value, "none") or is_word(value, "any"):
            flag = is_word(value, "any")
        if flag is not None:
            return watched(scope) if flag else ~watched(scope)
        inner = super().match(value, operator, scope)
        if scope.asker.user_id is None:
            return NOTHING
        mine = Viewing.objects.filter(user=scope.asker.user_id, video=OuterRef("pk"))
        return Q(Exists(mine.filter(play_count__gt=0).filter(inner)))


@dataclass(frozen=True)
class PlaysField(QuantityField):
    """How often the asker played it: never is 0."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none") or is_word(value, "any"):
            return ~watched(scope) if is_word(value, "none") else watched(scope)
        inner = super().match(value, operator, scope)
        if scope.asker.user_id is None:
            rows = Viewing.objects.none()
        else:
            rows = Viewing.objects.filter(user=scope.asker.user_id, video=OuterRef("pk"))
        found = Q(Exists(rows.filter(inner))) if scope.asker.user_id else NOTHING
        if _holds_for_zero(self, value, operator, scope):
            never = ~Q(Exists(rows)) if scope.asker.user_id else ~NOTHING
            return found | never
        return found


@dataclass(frozen=True)
class MarkersField(QuantityField):
    """How many markers there are."""

    def match(self, value: Value | Range, operator: str, scope: Scope) -> Q:
        any_marker = Q(Exists(Marker.objects.filter(video=OuterRef("pk"))))
        if is_word(value, "none") or is_word(value, "any"):
            return ~any_marker if is_word(value, "none") else any_marker
        from django.db.models import Count

        counted = Marker.objects.values("video").annotate(many=Count("pk"))
        inner = super().match(value, operator, scope)
        found = Q(pk__in=counted.filter(inner).values("video"))
        return found | ~any_marker if _holds_for_zero(self, value, operator, scope) else found


def _holds_for_zero(
    field: QuantityField, value: Value | Range, operator: str, scope: Scope
) -> bool:
    """Whether a condition on a count is true of none, of which there is no row to compare."""
    if isinstance(value, Range):
        return not value.low or field.read(value.low, scope).start <= 0
    span = field.read(value.text, scope)
    match operator:
        case "<":
            return bool(span.start > 0)
        case "<=":
            return True
        case ">":
            return False
    return bool(span.start <= 0)

"""What a bulk edit takes and answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import AnyObject, StrictSerializer
from apps.editing.services.bulk import Outcome, Sample
from apps.library.models import Performer, Studio, Tag

_LARGEST = 2**63 - 1
_MOST_IDS = 10_000
_MOST_LABELS = 500
_LONGEST_QUERY = 10_000


def _ids(*, most: int, help_text: str = "") -> serializers.ListField:
    one = serializers.IntegerField(min_value=1, max_value=_LARGEST)
    return serializers.ListField(child=one, required=False, max_length=most, help_text=help_text)


class LinkChangesSerializer(StrictSerializer):
    """Labels to add and to remove or, in place of both, all that there shall be."""

    add = _ids(most=_MOST_LABELS)
    remove = _ids(most=_MOST_LABELS)
    set = _ids(most=_MOST_LABELS)


class ReplacementSerializer(StrictSerializer):
    """Finding and replacing in titles."""

    find = serializers.CharField(max_length=500, trim_whitespace=False)
    replace = serializers.CharField(
        default="", allow_blank=True, max_length=500, trim_whitespace=False
    )
    regex = serializers.BooleanField(
        default=False, help_text="a regular expression of PostgreSQL; `\\\\1` names its group"
    )
    case = serializers.BooleanField(default=False, help_text="whether the case matters")


class VideoChangesSerializer(StrictSerializer):
    """What all chosen videos shall get. `custom` changes only the keys that it names."""

    tags = LinkChangesSerializer(required=False)
    performers = LinkChangesSerializer(required=False)
    studio = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=_LARGEST
    )
    rating = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=100)
    favorite = serializers.BooleanField(required=False)
    organized = serializers.BooleanField(required=False)
    date = serializers.DateField(required=False, allow_null=True)
    title = ReplacementSerializer(required=False)
    custom = AnyObject(required=False)


class BulkSerializer(StrictSerializer):
    """Which videos, by `ids` or by a query, and what to change."""

    ids = _ids(most=_MOST_IDS)
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=_LONGEST_QUERY,
        help_text="all that this query finds; all videos, if it is empty",
    )  # fmt: skip
    but = _ids(most=_MOST_IDS, help_text="with `q`: without these")
    count = serializers.IntegerField(
        required=False, min_value=0, max_value=_LARGEST,
        help_text="with `q`: how many there have to be, else nothing is changed (409)",
    )  # fmt: skip
    changes = VideoChangesSerializer()
    dry_run = serializers.BooleanField(default=False, help_text="only say what would change")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("q" in attrs):
            raise serializers.ValidationError({"ids": ["Name videos by ids or by q."]})
        for name in ("but", "count"):
            if "ids" in attrs and name in attrs:
                raise serializers.ValidationError({name: ["This goes with q."]})
        return attrs


@extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {}}})
class PairsField(serializers.JSONField):
    """Old and new values by field."""


class BulkSampleShape(serializers.Serializer):
    """A video that changes; labels are objects with their id and name."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    changes = PairsField(help_text="field: [old, new]")


class BulkShape(serializers.Serializer):
    matched = serializers.IntegerField(help_text="videos that were chosen")
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="those that were so already")
    samples = BulkSampleShape(many=True)
    entry = serializers.IntegerField(
        allow_null=True, help_text="of the audit, to undo it; none if nothing was changed"
    )


def as_json(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes that were read, as a job keeps them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in changes.items()
    }


def represent(outcome: Outcome) -> dict[str, Any]:
    """At most one query for each kind of labels."""
    names = {
        name: _names(model, name, outcome.samples)
        for name, model in (("tags", Tag), ("performers", Performer), ("studio", Studio))
    }
    return {
        "matched": outcome.matched,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "samples": [
            {
                "id": sample.id, "title": sample.title,
                "changes": {
                    field: [_named(value, names.get(field)) for value in pair]
                    for field, pair in sample.changes.items()
                },
            }
            for sample in outcome.samples
        ],
        "entry": outcome.entry and outcome.entry.pk,
    }  # fmt: skip


def _names(model: Any, field: str, samples: Iterable[Sample]) -> dict[int, str]:
    ids = {pk for s in samples for value in s.changes.get(field, ()) for pk in _listed(value)}
    return dict(model.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def _listed(value: Any) -> Sequence[int]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _named(value: Any, names: dict[int, str] | None) -> Any:
    if names is None:
        return value
    labels = [{"id": pk, "name": names.get(pk, f"#{pk}")} for pk in _listed(value)]
    return labels if isinstance(value, list) else next(iter(labels), None)

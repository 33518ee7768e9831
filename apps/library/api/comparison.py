"""Two scans compared, as the API asks and shows it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.library.services.compare import Comparison, Fate

_PAGE = 200
_MOST = 2**63 - 1


class ComparisonQuery(serializers.Serializer):
    """The parameters. ``with`` is a word of Python's, so that it can't be declared."""

    fate = serializers.ChoiceField(choices=Fate.choices, required=False)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=_MOST)
    limit = serializers.IntegerField(default=_PAGE, min_value=1, max_value=500)

    def get_fields(self) -> dict[str, serializers.Field]:
        other = serializers.IntegerField(min_value=1, max_value=_MOST)
        return {"with": other, **super().get_fields()}


class SumShape(serializers.Serializer):
    files = serializers.IntegerField()
    size_bytes = serializers.IntegerField(help_text="of those that grew or shrank: by how much")


class ChangeShape(serializers.Serializer):
    id = serializers.IntegerField(help_text="the file's")
    fate = serializers.ChoiceField(choices=Fate.choices)
    relative_path = serializers.CharField()
    relative_path_before = serializers.CharField(help_text="where it moved, or empty")
    size_before = serializers.IntegerField(allow_null=True, help_text="if it changed")
    size = serializers.IntegerField()


class ComparisonShape(serializers.Serializer):
    """What became of files between the ends of two scans of a library."""

    before = serializers.IntegerField(help_text="the earlier scan")
    after = serializers.IntegerField(help_text="the later scan")
    sums = serializers.DictField(child=SumShape(), help_text="by fate")
    results = ChangeShape(many=True, help_text="by path")
    next = serializers.IntegerField(allow_null=True, help_text="for `offset`: there are more")


def represent_comparison(comparison: Comparison, asked: Mapping[str, Any]) -> dict[str, Any]:
    fate, offset, limit = asked.get("fate"), asked["offset"], asked["limit"]
    wanted = Fate(fate) if fate else None
    changes = comparison.changes(wanted, offset=offset, limit=limit + 1)
    return {
        "before": comparison.before.pk,
        "after": comparison.after.pk,
        "sums": {
            of.value: {"files": total.files, "size_bytes": total.size_bytes}
            for of, total in comparison.sums().items()
        },
        "results": [
            {
                "id": change.file_id,
                "fate": change.fate.value,
                "relative_path": change.path,
                "relative_path_before": change.path_before,
                "size_before": change.size_before,
                "size": change.size_bytes,
            }
            for change in changes[:limit]
        ],
        "next": offset + limit if len(changes) > limit else None,
    }

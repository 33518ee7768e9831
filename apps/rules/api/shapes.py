"""Rules and what they come to, as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject, RowSerializer, StrictSerializer
from apps.editing.api.shapes import BulkShape
from apps.editing.api.shapes import represent as represent_outcome
from apps.rules.models import AutoTagSettings, Rule
from apps.rules.services.autotag import Finding

_LARGEST = 2**63 - 1


class RuleSerializer(RowSerializer):
    """Videos that `query` finds get `changes`, in the shape of `videos/bulk/`."""

    changes = AnyObject(help_text="as in the body of `videos/bulk/`")

    class Meta:
        model = Rule
        fields = [
            "id", "name", "query", "changes", "enabled", "on_import", "position", "ran_at",
            "entry", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["version", "ran_at", "entry"]


class RunSerializer(StrictSerializer):
    dry_run = serializers.BooleanField(default=False, help_text="only say what would change")


class AutoTagSerializer(StrictSerializer):
    """Which videos: some by their ids, else all that a query finds."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST), required=False,
        max_length=10_000,
    )  # fmt: skip
    q = serializers.CharField(default="", allow_blank=True, max_length=10_000)
    dry_run = serializers.BooleanField(default=True, help_text="only say what would change")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "ids" in attrs and attrs["q"]:
            raise serializers.ValidationError({"ids": ["Name videos by ids or by q."]})
        return attrs


class BusyLabelShape(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["tag", "performer", "studio"])
    id = serializers.IntegerField()
    name = serializers.CharField()
    videos = serializers.IntegerField(help_text="videos that get it")


class FindingShape(BulkShape):
    labels = BusyLabelShape(many=True, help_text="those that most videos get")


class AutoTagSettingsSerializer(RowSerializer):
    """How labels are found by their names."""

    class Meta:
        model = AutoTagSettings
        fields = [
            "tags", "performers", "studios", "where", "least_letters", "on_import",
            "ignored_tags", "ignored_performers", "ignored_studios", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]


def represent_finding(found: Finding) -> dict[str, Any]:
    names = ("kind", "id", "name", "videos")
    labels = [dict(zip(names, one, strict=True)) for one in found.busiest]
    return {**represent_outcome(found.outcome), "labels": labels}

"""Renamings as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import StrictSerializer
from apps.library.services.paths import shown
from apps.renaming.choices import BatchState, Reason, RenameState
from apps.renaming.models import Rename, RenameBatch
from apps.renaming.services.history import COUNTS

_LARGEST = 2**63 - 1


class RenameSerializer(StrictSerializer):
    """Which videos' files, by `ids` or by a query, and what they shall be called."""

    template = serializers.CharField(max_length=2_000, trim_whitespace=False)
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST), required=False,
        max_length=10_000,
    )  # fmt: skip
    q = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    windows = serializers.BooleanField(default=False, help_text="only names that Windows takes")
    sidecars = serializers.BooleanField(default=True, help_text="subtitles and the like go along")
    dry_run = serializers.BooleanField(default=True, help_text="only plan it")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("q" in attrs):
            raise serializers.ValidationError({"ids": ["Name videos by ids or by q."]})
        return attrs


class RenameUndoSerializer(StrictSerializer):
    dry_run = serializers.BooleanField(default=False, help_text="only plan it")


class LineShape(serializers.Serializer):
    """A file, with the path below its library's root that it had and the one it gets."""

    id = serializers.IntegerField()
    video = serializers.IntegerField(allow_null=True)
    file = serializers.IntegerField(allow_null=True)
    library = serializers.IntegerField()
    old = serializers.CharField()
    new = serializers.CharField()
    state = serializers.ChoiceField(choices=RenameState.choices)
    reason = serializers.ChoiceField(
        choices=Reason.choices, allow_null=True, help_text="why it was left alone or failed"
    )


class LinesShape(serializers.Serializer):
    results = LineShape(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="for `after`: there are more")


class BatchShape(serializers.Serializer):
    """A renaming: planned, under way or done."""

    id = serializers.IntegerField()
    template = serializers.CharField()
    query = serializers.CharField()
    windows = serializers.BooleanField()
    sidecars = serializers.BooleanField()
    undoes = serializers.IntegerField(allow_null=True, help_text="the renaming that it takes back")
    state = serializers.ChoiceField(choices=BatchState.choices)
    selected = serializers.IntegerField(help_text="files that were looked at")
    unchanged = serializers.IntegerField(help_text="those that have that name already")
    to_rename = serializers.IntegerField()
    renamed = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="left alone: something is in the way")
    failed = serializers.IntegerField()
    undone = serializers.IntegerField()
    user = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class PlanShape(BatchShape):
    samples = LineShape(many=True, help_text="what is in the way first")


def represent(batch: RenameBatch) -> dict[str, Any]:
    """Of a batch that was read with its counts."""
    return {
        "id": batch.pk,
        "template": batch.template,
        "query": batch.query,
        "windows": batch.windows,
        "sidecars": batch.sidecars,
        "undoes": batch.undoes_id,
        "state": batch.state,
        "selected": batch.selected,
        "unchanged": batch.unchanged,
        **{name: getattr(batch, name) for name in COUNTS},
        "user": batch.user_id,
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
    }


def represent_line(line: Rename) -> dict[str, Any]:
    return {
        "id": line.pk,
        "video": line.video_id,
        "file": line.file_id,
        "library": line.library_id,
        "old": shown(bytes(line.old)),
        "new": shown(bytes(line.new)),
        "state": line.state,
        "reason": line.reason or None,
    }

"""Artifacts as the API shows them."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from apps.artifacts.api.parts import links, stamp
from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.core.api.serializers import StrictSerializer


class PictureShape(serializers.Serializer):
    url = serializers.URLField()
    width = serializers.IntegerField(required=False)
    height = serializers.IntegerField(required=False)
    bytes = serializers.IntegerField(required=False)


class FailureShape(serializers.Serializer):
    reason = serializers.CharField()
    message = serializers.CharField()


class ArtifactSerializer(serializers.Serializer):
    """Something made from a video, or why it could not be made."""

    id = serializers.IntegerField()
    video = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ArtifactKind.choices)
    state = serializers.ChoiceField(choices=ArtifactState.choices)
    files = serializers.DictField(child=PictureShape(), help_text="by name, such as `card`, `full`")
    size = serializers.IntegerField(help_text="bytes, all files together")
    made_at = serializers.DateTimeField(allow_null=True)
    took = serializers.FloatField(help_text="seconds")
    error = FailureShape(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: Artifact) -> dict[str, Any]:
        base = self.context["request"].build_absolute_uri(reverse("v1:artifact-list"))
        urls = links(base, instance.pk, instance.files, stamp(instance.made_at))
        failed = instance.state == ArtifactState.FAILED
        return {
            "id": instance.pk,
            "video": instance.video_id,
            "kind": instance.kind,
            "state": instance.state,
            "files": {
                size: {"url": urls[size], **{k: v for k, v in file.items() if k != "path"}}
                for size, file in instance.files.items()
            },
            "size": instance.size_bytes,
            "made_at": instance.made_at,
            "took": instance.ms / 1_000,
            "error": {"reason": instance.error, "message": instance.message} if failed else None,
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


class CoverageSerializer(serializers.Serializer):
    """How far the artifacts of a kind reach in a library, in videos."""

    library = serializers.IntegerField(
        source="library_id", allow_null=True, help_text="null: libraries that are gone"
    )
    kind = serializers.CharField()
    videos = serializers.IntegerField(help_text="present ones that were read")
    made = serializers.IntegerField()
    nothing = serializers.IntegerField(help_text="there is nothing to make it of")
    failed = serializers.IntegerField()
    stale = serializers.IntegerField(help_text="from other content, or made in another way")
    missing = serializers.IntegerField(help_text="not tried yet")
    orphaned = serializers.IntegerField(help_text="stored files that no artifact names")
    orphaned_size = serializers.IntegerField(source="orphaned_bytes", help_text="bytes")
    size = serializers.IntegerField(source="size_bytes", help_text="bytes")


class GenerateSerializer(StrictSerializer):
    """What to make where it is missing, or again where it failed."""

    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=ArtifactKind.choices), allow_empty=False
    )
    library = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="only of this library"
    )
    failed = serializers.CharField(
        required=False,
        max_length=40,
        help_text="again those that failed for this reason, `any` for every reason",
    )
    q = serializers.CharField(
        required=False, allow_blank=True, help_text="only of the videos that this query finds"
    )


class CleanSerializer(StrictSerializer):
    """How to delete orphaned files."""

    search = serializers.BooleanField(
        default=False, help_text="look through the whole storage for unknown files first"
    )


class CoverTimeSerializer(StrictSerializer):
    """The time of the frame, or null for the best of several."""

    at = serializers.FloatField(min_value=0, max_value=10_000_000, allow_null=True)

"""What is given back to stash-boxes, as the API takes and shows it."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject, StrictSerializer
from apps.stashbox.api.shapes import LARGEST, LONGEST_QUERY

_DRY_RUN = "only say what would be sent"


class GiveSerializer(StrictSerializer):
    q = serializers.CharField(
        default="", allow_blank=True, max_length=LONGEST_QUERY,
        help_text="of which videos; all, if it isn't given",
    )  # fmt: skip
    dry_run = serializers.BooleanField(default=True, help_text=_DRY_RUN)


class PrintGiftShape(serializers.Serializer):
    """A fingerprint, as it is sent."""

    scene_id = serializers.CharField(help_text="there")
    hash = serializers.CharField()
    algorithm = serializers.CharField()
    duration = serializers.IntegerField(help_text="seconds")


class GivingShape(serializers.Serializer):
    """Which fingerprints would be sent; of many the first ones."""

    fingerprints = serializers.IntegerField(help_text="how many, as far as was counted")
    videos = serializers.IntegerField(help_text="whose fingerprints these are")
    scenes = serializers.IntegerField(help_text="there, to which they would be added")
    counted_all = serializers.BooleanField(help_text="else there are more than these")
    would_send = PrintGiftShape(many=True, help_text="the first hundred")


class GiveDraftSerializer(StrictSerializer):
    """Of a video or of a performer."""

    video = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    performer = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    dry_run = serializers.BooleanField(default=True, help_text=_DRY_RUN)
    again = serializers.BooleanField(default=False, help_text="even if the very same was given")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("video" in attrs) == ("performer" in attrs):
            raise serializers.ValidationError("Name either a video or a performer.")
        return attrs


class DraftShape(serializers.Serializer):
    """A draft, as it is sent."""

    would_send = AnyObject(help_text="the fields, as the box calls them")
    image_bytes = serializers.IntegerField(help_text="how large its picture is; 0 without one")

"""Playlists as JSON, and the bodies of what is done with them."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.core.api.serializers import RowSerializer, StrictSerializer
from apps.playlists.models import Playlist

_LARGEST_ID = 2**63 - 1
MOST_NAMED = 10_000


def _ids(**options: Any) -> serializers.ListField:
    one = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID)
    return serializers.ListField(child=one, max_length=MOST_NAMED, **options)


class OwnerShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(source="username")


class PlaylistSerializer(RowSerializer):
    """Videos in an order: filled by hand, or by a query that is asked anew each time."""

    owner = OwnerShape(read_only=True)
    mine = serializers.SerializerMethodField(help_text="whether you may change it")
    video_count = serializers.SerializerMethodField(help_text="null of a smart one")

    class Meta:
        model = Playlist
        fields = [
            "id", "name", "description", "kind", "shared", "query", "ordering", "limit", "owner",
            "mine", "video_count", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def get_mine(self, row: Playlist) -> bool:
        return bool(row.owner_id == self.context["request"].user.pk)

    def get_video_count(self, row: Playlist) -> int | None:
        return None if row.is_smart else row.video_count


class ChoiceSerializer(StrictSerializer):
    """Which videos: by their ids, or all that a query finds but some."""

    ids = _ids(required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    but = _ids(required=False, help_text="with `q`: not these")
    count = serializers.IntegerField(
        required=False, min_value=0, help_text="with `q`: refuse if it finds another number"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("q" in attrs):
            raise ValidationError({"ids": ["Give either ids or q."]})
        if "ids" in attrs and attrs.keys() & {"but", "count"}:
            raise ValidationError({"ids": ["but and count belong to q."]})
        return attrs


class AddSerializer(ChoiceSerializer):
    ordering = serializers.CharField(
        required=False, max_length=200, help_text="with `q`: in which order, as for videos"
    )


class MoveSerializer(StrictSerializer):
    """A video of the playlist, and the one that it is to stand behind."""

    video = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID)
    after = serializers.IntegerField(
        min_value=1, max_value=_LARGEST_ID, allow_null=True, help_text="null: at the top"
    )


class AddedShape(serializers.Serializer):
    added = serializers.IntegerField(help_text="that weren't in it yet")
    video_count = serializers.IntegerField()


class RemovedShape(serializers.Serializer):
    removed = serializers.IntegerField()
    video_count = serializers.IntegerField()

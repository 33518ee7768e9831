"""Performers at stash-boxes, as the API takes and shows them."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject, StrictSerializer
from apps.library.models import PerformerImage
from apps.stashbox.api.match_shapes import NamedShape
from apps.stashbox.api.shapes import LARGEST
from apps.stashbox.client import MOST_PERFORMERS
from apps.stashbox.models import MOST_ID, PerformerLookup
from apps.stashbox.schema import as_json
from apps.stashbox.services.performers import Hit

_LONGEST_TEXT = 500


class PerformerAtBoxSerializer(StrictSerializer):
    performer = serializers.IntegerField(min_value=1, max_value=LARGEST)
    box = serializers.IntegerField(min_value=1, max_value=LARGEST)


class SearchPerformersSerializer(PerformerAtBoxSerializer):
    text = serializers.CharField(
        default="", allow_blank=True, max_length=_LONGEST_TEXT,
        help_text="the performer's name, if it isn't given",
    )  # fmt: skip


class LinkToBoxSerializer(PerformerAtBoxSerializer):
    remote_id = serializers.CharField(max_length=MOST_ID, help_text="there")


class RefreshPerformersSerializer(StrictSerializer):
    """Performers who are linked at a box; else all, as a job."""

    box = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST)
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST), required=False,
        allow_empty=False, max_length=MOST_PERFORMERS, help_text="takes a box",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "ids" in attrs and "box" not in attrs:
            raise serializers.ValidationError({"box": ["Name the box to be asked about them."]})
        return attrs


class DecideSerializer(StrictSerializer):
    remote_id = serializers.CharField(max_length=MOST_ID, help_text="of a candidate")


class FetchPicturesSerializer(StrictSerializer):
    performer = serializers.IntegerField(min_value=1, max_value=LARGEST)


class ChoosePictureSerializer(StrictSerializer):
    image = serializers.IntegerField(min_value=1, max_value=LARGEST)


class CandidateShape(serializers.Serializer):
    """Somebody at a box who may be meant, and why."""

    performer = AnyObject(help_text="what the box says of them; their `id` is the one there")
    equal = serializers.ListField(
        child=serializers.CharField(), help_text="facts that both have and that are the same"
    )
    other = serializers.ListField(
        child=serializers.CharField(), help_text="facts that both have and that differ"
    )


class HitShape(CandidateShape):
    named = serializers.BooleanField(help_text="whether the name or an alias is the same")
    sure = serializers.BooleanField(help_text="whether they would be linked unasked")


class LinkedShape(serializers.Serializer):
    """Who a performer is at a box now; who was merged into somebody else was followed."""

    performer = serializers.IntegerField()
    box = serializers.IntegerField()
    remote_id = serializers.CharField(help_text="there")
    name = serializers.CharField(help_text="there")


class UnlinkedShape(serializers.Serializer):
    removed = serializers.IntegerField(help_text="links that there were")


class RefreshedShape(serializers.Serializer):
    asked = serializers.IntegerField(help_text="links that were looked at")
    changed = serializers.IntegerField(help_text="performers")
    followed = serializers.IntegerField(help_text="ids that were merged into others")
    gone = serializers.IntegerField(help_text="whom the box doesn't know any more")
    told = serializers.ListField(child=serializers.CharField(), help_text="what went wrong")


class WaitingSerializer(serializers.Serializer):
    """A performer for whom a box has people of the same name."""

    id = serializers.IntegerField()
    performer = NamedShape()
    video_count = serializers.IntegerField(help_text="of the performer")
    box = NamedShape()
    asked_at = serializers.DateTimeField()
    candidates = CandidateShape(many=True)

    def to_representation(self, instance: PerformerLookup) -> dict[str, Any]:
        person, box = instance.performer, instance.box
        return {
            "id": instance.pk,
            "performer": {"id": person.pk, "name": person.name},
            "video_count": person.video_count,
            "box": {"id": box.pk, "name": box.name},
            "asked_at": instance.asked_at,
            "candidates": instance.candidates,
        }


class PerformerPictureShape(serializers.Serializer):
    id = serializers.IntegerField()
    performer = serializers.IntegerField()
    position = serializers.IntegerField(help_text="the first one is shown")


class FailedPictureShape(serializers.Serializer):
    url = serializers.CharField()
    reason = serializers.CharField()


class FetchedPicturesShape(serializers.Serializer):
    kept = PerformerPictureShape(many=True, help_text="new ones")
    failed = FailedPictureShape(many=True, help_text="what could not be had")


def represent_hit(hit: Hit) -> dict[str, Any]:
    likeness = hit.likeness
    return {
        "performer": as_json(hit.remote), "equal": list(likeness.equal),
        "other": list(likeness.other), "named": likeness.named, "sure": likeness.sure,
    }  # fmt: skip


def represent_pictures(pictures: Iterable[PerformerImage]) -> list[dict[str, Any]]:
    return [
        {"id": one.pk, "performer": one.performer_id, "position": one.position} for one in pictures
    ]

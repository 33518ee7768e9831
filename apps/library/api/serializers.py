"""Labels, people, markers and libraries as the API shows and takes them."""

import base64
from typing import Any

from django.core.files.base import ContentFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.core.api.serializers import RowSerializer, Seconds, StrictSerializer
from apps.library.api.fields import LabelField, LabelsField
from apps.library.choices import Question
from apps.library.models import (
    CustomField,
    Library,
    Marker,
    Performer,
    PerformerImage,
    Scan,
    ScanFinding,
    Studio,
    Tag,
    Video,
)

_RATING = [MinValueValidator(1), MaxValueValidator(100)]
_STAMPS = ["created_at", "updated_at", "version"]
_LIBRARY_STATE = [
    "state", "state_detail", "scanned_at", "question", "watch_state", "watch_detail",
    "watch_seen_at",
]  # fmt: skip


class TagSerializer(RowSerializer):
    """A tag. It includes the videos of those whose parent it is."""

    parents = LabelsField(Tag, required=False)

    class Meta:
        model = Tag
        fields = [
            "id", "name", "aliases", "parents", "color", "details", "favorite", "locked_fields",
            "video_count", *_STAMPS,
        ]  # fmt: skip
        read_only_fields = ["version", "video_count"]


class StudioSerializer(RowSerializer):
    """A studio, which may belong to another."""

    parent = LabelField(Studio, required=False, allow_null=True)  # type: ignore[assignment]

    class Meta:
        model = Studio
        fields = [
            "id", "name", "aliases", "parent", "urls", "details", "favorite", "locked_fields",
            "video_count", *_STAMPS,
        ]  # fmt: skip
        read_only_fields = ["version", "video_count"]


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "url": {"type": "string", "format": "uri"},
            },
            "required": ["id", "url"],
        },
    }
)
class ImagesField(serializers.Field):
    """Addresses of a performer's pictures, the first one first."""

    def to_representation(self, value: Any) -> list[dict[str, Any]]:
        rows = sorted(value.all(), key=lambda row: (row.position, row.pk))
        return [{"id": row.pk, "url": self._url(row)} for row in rows]

    def _url(self, row: PerformerImage) -> str:
        names = {"pk": row.performer_id, "image": row.pk}
        path = reverse("v1:performer-image", kwargs=names)
        return str(self.context["request"].build_absolute_uri(path))


class PictureSerializer(serializers.Serializer):
    """A picture to keep."""

    picture = serializers.CharField(help_text="the file in base64", trim_whitespace=False)
    position = serializers.IntegerField(default=0, min_value=0, max_value=32_767)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            content = base64.b64decode(attrs["picture"], validate=True)
        except ValueError as error:
            raise serializers.ValidationError({"picture": ["This is no base64."]}) from error
        return {"upload": ContentFile(content, name="picture"), "position": attrs["position"]}


class PerformerSerializer(RowSerializer):
    """A person."""

    images = ImagesField(read_only=True)
    rating = serializers.IntegerField(
        required=False, allow_null=True, validators=_RATING, help_text="1 to 100"
    )

    class Meta:
        model = Performer
        fields = [
            "id", "name", "disambiguation", "aliases", "gender", "birth_date", "death_date",
            "country", "ethnicity", "eye_color", "hair_color", "height_cm", "weight_kg",
            "measurements", "tattoos", "piercings", "career_start", "career_end", "rating", "urls",
            "details", "favorite", "images", "locked_fields", "video_count", *_STAMPS,
        ]  # fmt: skip
        read_only_fields = ["version", "video_count"]


class MergeSerializer(StrictSerializer):
    """Which row takes over everything from this one."""

    into = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class MarkerSerializer(RowSerializer):
    """A point, or with ``end`` a range, in a video. Times in seconds from its beginning."""

    video = serializers.PrimaryKeyRelatedField(queryset=Video.objects.all())
    start = Seconds(source="start_ms")
    end = Seconds(source="end_ms", required=False, allow_null=True)
    tag = LabelField(Tag, required=False, allow_null=True)
    color = serializers.RegexField(
        r"^#[0-9a-fA-F]{6}\Z", required=False, allow_blank=True, help_text="such as #ff8800",
        error_messages={"invalid": "Give a colour such as #ff8800."},
    )  # fmt: skip

    class Meta:
        model = Marker
        fields = ["id", "video", "title", "start", "end", "tag", "color", *_STAMPS]
        read_only_fields = ["version"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start = attrs.get("start_ms", getattr(self.instance, "start_ms", None))
        end = attrs.get("end_ms", getattr(self.instance, "end_ms", None))
        if start is not None and end is not None and end <= start:
            raise ValidationError({"end": ["A marker has to end after it starts."]})
        return attrs


class CustomFieldSerializer(RowSerializer):
    """A field that people added to videos. Key and kind are settled once it is made."""

    class Meta:
        model = CustomField
        fields = ["id", "key", "label", "kind", *_STAMPS]
        read_only_fields = ["version"]


class CustomFieldEditSerializer(CustomFieldSerializer):
    """What of a custom field can change: values stand under the key, as what the kind says."""

    class Meta(CustomFieldSerializer.Meta):
        read_only_fields = ["version", "key", "kind"]


class PrefixesField(serializers.ListField):
    """Rows of LibraryPrefix as plain paths."""

    def to_representation(self, data: Any) -> list[str]:
        return sorted(prefix.prefix for prefix in data.all())


class LibrarySerializer(RowSerializer):
    """A folder that MediaHub looks after, and how it is scanned."""

    prefixes = PrefixesField(
        child=serializers.CharField(max_length=1_000), required=False, max_length=50,
        help_text="other paths under which the same folder is known",
    )  # fmt: skip

    class Meta:
        model = Library
        fields = [
            "id", "name", "root", "prefixes", "include", "exclude", "extensions",
            "probes_at_once", "files_per_second", "bytes_per_second", "full_hash",
            "scan_every_minutes", "watch", "gone_percent", "verify_every_days",
            *_LIBRARY_STATE, *_STAMPS,
        ]  # fmt: skip
        read_only_fields = ["version", *_LIBRARY_STATE]


class ScanRequestSerializer(StrictSerializer):
    """What to scan: folders below the root, or everything."""

    paths = serializers.ListField(
        child=serializers.CharField(max_length=4_096, allow_blank=True), required=False,
        max_length=1_000, help_text="folders, relative to the library's root",
    )  # fmt: skip
    rescan = serializers.BooleanField(default=False, help_text="probe unchanged files, too")
    accept = serializers.ListField(
        child=serializers.ChoiceField(choices=[q for q in Question.choices if q[0]]),
        required=False, max_length=len(Question),
        help_text="answers the library's question: the files are gone; it is the right disk",
    )  # fmt: skip


class ScanSerializer(serializers.ModelSerializer):
    """One walk over a library, or over some folders of it."""

    class Meta:
        model = Scan
        fields = (
            "id", "library", "kind", "job_id", "paths", "rescan", "started_at", "finished_at",
            "walked", "counts",
        )  # fmt: skip


class ScanFindingSerializer(serializers.ModelSerializer):
    """A file that a scan had to tell of."""

    class Meta:
        model = ScanFinding
        fields = ("id", "scan", "reason", "path", "message")

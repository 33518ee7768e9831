"""The shapes of videos and files for the schema, and what of a video can be written."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject, RowSerializer, StrictSerializer
from apps.library.api.fields import LabelField, LabelsField
from apps.library.choices import Integrity, Orientation, ProbeState, Refresh
from apps.library.models import Performer, Studio, Tag, Video
from apps.library.services.videos import LOCKABLE


class FingerprintsShape(serializers.Serializer):
    oshash = serializers.CharField(allow_null=True)
    md5 = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_null=True)


class VideoFingerprintsShape(FingerprintsShape):
    phash = serializers.CharField(allow_null=True)


class MediaShape(serializers.Serializer):
    """What the probe found. Duration in seconds, bitrate in bit/s."""

    duration = serializers.FloatField(allow_null=True)
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    resolution = serializers.CharField(help_text="`1920x1080`, or `-` where there is no picture")
    container = serializers.CharField()
    video_codec = serializers.CharField()
    audio_codec = serializers.CharField()
    frame_rate = serializers.FloatField(allow_null=True)
    bitrate = serializers.IntegerField(allow_null=True)


class VideoFileShape(serializers.Serializer):
    id = serializers.IntegerField()
    path = serializers.CharField()
    size = serializers.IntegerField()
    primary = serializers.BooleanField()
    missing = serializers.BooleanField()


class VideoShape(MediaShape):
    """A video. Bytes of a path that aren't UTF-8 are written as `\\xNN`."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    path = serializers.CharField()
    library = serializers.IntegerField()
    size = serializers.IntegerField()
    orientation = serializers.ChoiceField(
        choices=[o.value or "none" for o in Orientation], help_text="`none`: audio only"
    )
    rating = serializers.IntegerField(allow_null=True, min_value=1, max_value=100)
    favorite = serializers.BooleanField()
    organized = serializers.BooleanField()
    play_count = serializers.IntegerField(help_text="by you")
    last_played_at = serializers.DateTimeField(allow_null=True, help_text="by you")
    date = serializers.DateField(allow_null=True)
    details = serializers.CharField()
    urls = serializers.ListField(child=serializers.URLField())
    custom = AnyObject()
    locked_fields = serializers.ListField(child=serializers.CharField())
    missing = serializers.BooleanField()
    missing_since = serializers.DateTimeField(allow_null=True)
    added_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    tags = LabelsField(Tag)
    performers = LabelsField(Performer)
    studio = LabelField(Studio, allow_null=True)
    fingerprints = VideoFingerprintsShape()
    files = VideoFileShape(many=True)
    artifacts = serializers.DictField(
        child=serializers.DictField(child=serializers.URLField(), allow_null=True),
        help_text="by kind: the addresses of its files, or null",
    )


class ErrorShape(serializers.Serializer):
    reason = serializers.CharField()
    message = serializers.CharField()


class FileShape(MediaShape):
    """A file. Bytes of a path that aren't UTF-8 are written as `\\xNN`."""

    id = serializers.IntegerField()
    library = serializers.IntegerField()
    video = serializers.IntegerField(allow_null=True)
    path = serializers.CharField()
    relative_path = serializers.CharField()
    size = serializers.IntegerField()
    modified_at = serializers.DateTimeField()
    missing = serializers.BooleanField()
    missing_since = serializers.DateTimeField(allow_null=True)
    probe_state = serializers.ChoiceField(choices=ProbeState.choices)
    error = ErrorShape(allow_null=True)
    integrity = serializers.ChoiceField(
        choices=[one.value or "unknown" for one in Integrity],
        help_text="what the last check of the content came to",
    )
    integrity_detail = serializers.CharField(help_text="what is wrong, in a sentence")
    verified_at = serializers.DateTimeField(allow_null=True)
    fingerprints = FingerprintsShape()
    streams = serializers.ListField(child=AnyObject())
    chapters = serializers.ListField(child=AnyObject())
    facts = AnyObject()
    warnings = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ExplanationShape(serializers.Serializer):
    """Why a file is, or is not, in the catalogue. `code` stays the same; the rest is for people."""

    path = serializers.CharField(help_text="by the library's root, if it lies in one")
    code = serializers.CharField(help_text="`in_catalogue`, `excluded`, `missing`, …")
    sentence = serializers.CharField()
    advice = serializers.CharField(help_text="what can be done, or empty")
    library = serializers.IntegerField(allow_null=True)
    file = serializers.IntegerField(allow_null=True, help_text="if the path is known")
    video = serializers.IntegerField(allow_null=True)


class CheckSerializer(StrictSerializer):
    """What to check: whole files, with their checksums, or some seconds at five places of each."""

    whole = serializers.BooleanField(default=True)


class LibraryCheckSerializer(CheckSerializer):
    file_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, allow_empty=False,
        max_length=10_000, help_text="only these files of the library",
    )  # fmt: skip


class VideoEditSerializer(RowSerializer):
    """What people know about a video. `custom` changes only the keys that it names."""

    rating = serializers.IntegerField(min_value=1, max_value=100, allow_null=True)
    tags = LabelsField(Tag)
    performers = LabelsField(Performer)
    studio = LabelField(Studio, allow_null=True)
    custom = AnyObject()
    locked_fields = serializers.ListField(child=serializers.ChoiceField(choices=LOCKABLE))

    class Meta:
        model = Video
        fields = [
            "title", "date", "rating", "favorite", "organized", "details", "urls", "tags",
            "performers", "studio", "custom", "locked_fields",
        ]  # fmt: skip


class RefreshSerializer(StrictSerializer):
    """What to read anew; everything where nothing is named."""

    size = serializers.BooleanField(required=False, help_text="size and time of change")
    duration = serializers.BooleanField(required=False)
    facts = serializers.BooleanField(required=False, help_text="all that the probe finds")
    fingerprints = serializers.BooleanField(required=False, help_text="oshash and content")
    md5 = serializers.BooleanField(required=False, help_text="reads every byte")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {name: attrs.pop(name) for name in Refresh.values if name in attrs}
        wanted = frozenset(Refresh(name) for name, value in given.items() if value)
        if given and not wanted:
            raise serializers.ValidationError("Ask for one thing at least, or name none for all.")
        return {**attrs, "refresh": wanted}


class SelectionSerializer(RefreshSerializer):
    """Which ones to read anew, and what of them."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        allow_empty=False, max_length=1_000,
    )  # fmt: skip


class ForgetSerializer(StrictSerializer):
    """Which missing files to forget; all of the library's where nothing is named."""

    dry_run = serializers.BooleanField(default=True, help_text="only list what would go")
    older_than_days = serializers.IntegerField(
        required=False, min_value=0, max_value=36_500, help_text="missing at least so long"
    )
    path = serializers.CharField(
        required=False, max_length=4_096, help_text="a folder or file of the library"
    )
    until = serializers.DateTimeField(
        required=False, help_text="missing since then or longer: as a dry run answered"
    )
    after = serializers.IntegerField(
        default=0, min_value=0, max_value=2**63 - 1, help_text="goes on after this file's id"
    )


class LostVideoShape(serializers.Serializer):
    """A video that would go, with what people wrote on it, in numbers."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    rating = serializers.IntegerField(allow_null=True)
    favorite = serializers.BooleanField()
    tags = serializers.IntegerField()
    performers = serializers.IntegerField()
    markers = serializers.IntegerField()
    plays = serializers.IntegerField()


class LostFileShape(serializers.Serializer):
    id = serializers.IntegerField()
    relative_path = serializers.CharField()
    size = serializers.IntegerField()
    missing_since = serializers.DateTimeField()
    video = LostVideoShape(allow_null=True, help_text="if it has no other file")


class LossesShape(serializers.Serializer):
    """What forgetting would take. Of the videos: how many people wrote something on."""

    until = serializers.DateTimeField(help_text="send it along to forget no more than these")
    files = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    videos = serializers.IntegerField()
    rated = serializers.IntegerField()
    tagged = serializers.IntegerField()
    with_performers = serializers.IntegerField()
    with_markers = serializers.IntegerField()
    played = serializers.IntegerField()
    results = LostFileShape(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="for `after`: there are more")

"""Profiles, rules and transcodes, as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import RowSerializer, StrictSerializer
from apps.transcodes.choices import Outcome, Place
from apps.transcodes.models import EncodingProfile, ProfileVersion, Transcode, TranscodeRule
from apps.transcodes.services.explain import Explanation
from apps.transcodes.services.profiles import PLACING, SPEC_FIELDS
from apps.transcodes.services.requests import Forecast

_LARGEST = 2**63 - 1
_MOST_IDS = 10_000


class EncodingProfileSerializer(RowSerializer):
    """What files are to become. Sizes are in pixels, bit rates in bit/s."""

    class Meta:
        model = EncodingProfile
        fields = [
            "id", "name", "description", "enabled", "shipped", *SPEC_FIELDS, *PLACING,
            "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["shipped", "version"]


class EncodingProfileVersionSerializer(serializers.ModelSerializer):
    """A profile as it was; transcodes that were asked for then keep to it."""

    class Meta:
        model = ProfileVersion
        fields = ["number", "values", "created_at"]


class RollBackSerializer(StrictSerializer):
    number = serializers.IntegerField(min_value=1, max_value=_LARGEST)


class TranscodeCriterionShape(serializers.Serializer):
    name = serializers.CharField(help_text="the profile's field that asks for it")
    wanted = serializers.CharField()
    found = serializers.CharField()
    ok = serializers.BooleanField()
    stream = serializers.IntegerField(allow_null=True)


class TranscodeWayShape(serializers.Serializer):
    encoder = serializers.CharField(help_text="ffmpeg's name; empty where nothing is encoded")
    decoder = serializers.CharField()
    card = serializers.CharField(help_text="the graphics card's id; empty: the processor")
    reduced = serializers.BooleanField(help_text="without options that older cards lack")
    command = serializers.CharField(help_text="as a shell would take it")


class TranscodeExplanationShape(serializers.Serializer):
    """What transcoding a video would be."""

    path = serializers.CharField()
    deed = serializers.CharField(help_text="skip, refuse, remux, audio, video or both")
    reason = serializers.CharField()
    criteria = TranscodeCriterionShape(many=True)
    dropped = serializers.ListField(child=serializers.CharField())
    notes = serializers.ListField(child=serializers.CharField())
    foreseen_bytes = serializers.IntegerField()
    foreseen_s = serializers.FloatField()
    ways = TranscodeWayShape(many=True, help_text="best first; the next is taken if one is refused")


class TranscodeManySerializer(StrictSerializer):
    """Which videos: some by their ids, else all that a query finds."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST), required=False,
        max_length=_MOST_IDS,
    )  # fmt: skip
    q = serializers.CharField(default="", allow_blank=True, max_length=10_000)
    place = serializers.ChoiceField(
        choices=Place.choices, required=False, help_text="else as the profile says"
    )
    again = serializers.BooleanField(
        default=False, help_text="also what was tried with this version of the profile"
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="only foresee it: at once for few videos, else as a job"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "ids" in attrs and attrs["q"]:
            raise serializers.ValidationError({"ids": ["Name videos by ids or by q."]})
        return attrs


class ForecastSampleShape(serializers.Serializer):
    video = serializers.IntegerField()
    path = serializers.CharField()
    deed = serializers.CharField()
    reason = serializers.CharField()
    source_bytes = serializers.IntegerField()
    foreseen_bytes = serializers.IntegerField()
    foreseen_s = serializers.FloatField()


class TranscodeForecastShape(serializers.Serializer):
    """What transcoding some videos would come to."""

    videos = serializers.IntegerField()
    by_deed = serializers.DictField(child=serializers.IntegerField())
    source_bytes = serializers.IntegerField(help_text="of those that would be transcoded")
    foreseen_bytes = serializers.IntegerField()
    foreseen_s = serializers.FloatField(help_text="of work by one worker")
    samples = ForecastSampleShape(many=True)


class TranscodeRuleSerializer(RowSerializer):
    """Videos that `query` finds and that don't comply yet get a profile."""

    class Meta:
        model = TranscodeRule
        fields = [
            "id", "name", "query", "profile", "enabled", "on_import", "nightly", "position",
            "starts_at", "ends_at", "weekdays", "ran_at", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["version", "ran_at"]


class RunTranscodeRuleSerializer(StrictSerializer):
    dry_run = serializers.BooleanField(default=False, help_text="only foresee it")


class AskTranscodeSerializer(StrictSerializer):
    """One video, and what it is to become."""

    video = serializers.IntegerField(min_value=1, max_value=_LARGEST)
    profile = serializers.IntegerField(min_value=1, max_value=_LARGEST)
    place = serializers.ChoiceField(choices=Place.choices, required=False)


class EmptyTrashSerializer(StrictSerializer):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST), required=False,
        max_length=_MOST_IDS, help_text="of transcodes; without: all that are due",
    )  # fmt: skip


class TranscodeSerializer(serializers.ModelSerializer):
    """One file given one form."""

    state = serializers.CharField(help_text="the outcome, else how its job is")
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    profile = serializers.IntegerField(source="profile.profile_id")
    profile_name = serializers.SerializerMethodField()
    profile_version = serializers.IntegerField(source="profile.number")
    source_path = serializers.SerializerMethodField(help_text="below the library's root")
    target_path = serializers.SerializerMethodField()
    saved_bytes = serializers.IntegerField(allow_null=True)
    in_trash = serializers.SerializerMethodField(help_text="whether its source can be restored")

    class Meta:
        model = Transcode
        fields = [
            "id", "state", "outcome", "video", "library", "file", "made_file", "profile",
            "profile_name", "profile_version", "rule", "job", "requested_by", "place",
            "source_path", "target_path", "reason", "foreseen_bytes", "foreseen_s",
            "source_bytes", "target_bytes", "saved_bytes", "encoder", "card", "attempts",
            "command", "proof", "plan",
            "error_code", "error_message", "took_s", "in_trash", "trash_until", "created_at",
            "finished_at",
        ]  # fmt: skip

    def get_profile_name(self, transcode: Transcode) -> str:
        return str(transcode.profile.values["name"])

    def get_source_path(self, transcode: Transcode) -> str:
        return _shown(transcode.source)

    def get_target_path(self, transcode: Transcode) -> str | None:
        return None if transcode.target is None else _shown(transcode.target)

    def get_in_trash(self, transcode: Transcode) -> bool:
        return transcode.trash is not None


def represent_explanation(found: Explanation) -> dict[str, Any]:
    plan = found.plan
    told = {
        "path": found.path, "deed": plan.deed, "reason": plan.reason, "criteria": plan.criteria,
        "dropped": plan.dropped, "notes": plan.notes, "foreseen_bytes": plan.foreseen_bytes,
        "foreseen_s": plan.foreseen_s,
        "ways": [
            {
                "encoder": way.rung.encoder, "decoder": way.rung.decoder, "card": way.rung.card,
                "reduced": way.rung.reduced, "command": way.command,
            }
            for way in found.ways
        ],
    }  # fmt: skip
    return dict(TranscodeExplanationShape(told).data)


def represent_forecast(forecast: Forecast) -> dict[str, Any]:
    return dict(TranscodeForecastShape(forecast).data)


def _shown(path: Any) -> str:
    return bytes(path).decode("utf-8", "backslashreplace")

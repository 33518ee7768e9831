"""What is sent: verdicts, moves, names and settings."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import RowSerializer, StrictSerializer
from apps.faces.models import FaceLibrary, FaceSettings

_MOST_FACES = 10_000
_LARGEST = 2**63 - 1


def _row(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=_LARGEST, **options)


def _rows() -> serializers.ListField:
    return serializers.ListField(child=_row(), min_length=1, max_length=_MOST_FACES)


class FacesSerializer(StrictSerializer):
    faces = _rows()


class AssignFacesSerializer(StrictSerializer):
    faces = _rows()
    identity = _row(allow_null=True, help_text="`null`: a new one")


class MergeIdentitySerializer(StrictSerializer):
    into = _row()


class ApartSerializer(StrictSerializer):
    other = _row()


class AssignSerializer(StrictSerializer):
    """Who it is: a performer who is known, or the name of a new one."""

    performer = _row(required=False, allow_null=True, help_text="`null` takes the name away")
    name = serializers.CharField(required=False, max_length=300)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"performer": ["Give a performer or a name."]})
        return attrs


class IgnoreSerializer(StrictSerializer):
    ignored = serializers.BooleanField(default=True)


class FindSerializer(StrictSerializer):
    """Which videos of the libraries in which faces are looked for."""

    q = serializers.CharField(required=False, allow_blank=True, default="", max_length=4_000)
    ids = serializers.ListField(child=_row(), required=False, max_length=10_000)
    again = serializers.BooleanField(default=False, help_text="also what was looked through before")


class RegroupSerializer(StrictSerializer):
    dry_run = serializers.BooleanField(default=False)


class WipePersonSerializer(StrictSerializer):
    never_again = serializers.BooleanField(
        default=False, help_text="keep just what it takes to pass over this person from now on"
    )


class WipeSerializer(StrictSerializer):
    """Of one library or, with `everything`, of all."""

    library = _row(required=False)
    everything = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if ("library" in attrs) == bool(attrs["everything"]):
            raise serializers.ValidationError({"library": ["Give a library, or everything: true."]})
        return attrs


class FaceSettingsSerializer(RowSerializer):
    class Meta:
        model = FaceSettings
        fields = [
            "engine", "detector_width_px", "detector_score", "minimum_size_px", "minimum_norm",
            "frames", "apply_one_in", "suggest_one_in", "margin", "join_similarity",
            "merge_similarity", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]


class FaceLibrarySerializer(RowSerializer):
    class Meta:
        model = FaceLibrary
        fields = ["library", "enabled", "apply_names", "version"]
        read_only_fields = ["library", "version"]

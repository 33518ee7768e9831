"""Stash-boxes and how videos are identified, as the API takes and shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import RowSerializer, StrictSerializer
from apps.stashbox.choices import FieldPolicy
from apps.stashbox.models import IdentifySettings, StashBox
from apps.stashbox.services.nightly import is_nightly

LARGEST = 2**63 - 1
_MOST_IDS = 10_000
LONGEST_QUERY = 10_000
_LONGEST_KEY = 4_000
_POLICIES = {
    "type": "object",
    "additionalProperties": {"type": "string", "enum": FieldPolicy.values},
}


class StashBoxSerializer(RowSerializer):
    """A server that is asked what videos are. Its key is written, but never shown again."""

    api_key = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=_LONGEST_KEY,
        help_text="kept encrypted; empty takes it away",
    )  # fmt: skip
    has_key = serializers.SerializerMethodField(help_text="whether there is a key")

    class Meta:
        model = StashBox
        fields = [
            "id", "name", "url", "api_key", "has_key", "requests_per_minute", "enabled",
            "may_submit", "allow_private", "position", "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def get_has_key(self, box: StashBox) -> bool:
        return bool(box.sealed_key)


class BoxStateShape(serializers.Serializer):
    """Whether a box answers, and if not, why."""

    ok = serializers.BooleanField()
    reason = serializers.CharField(
        help_text="empty, or one of dns, tls, unreachable, timeout, unauthorised, not_authorised, "
        "not_a_stash_box, too_old, rate_limited, too_large, private, broken_answer, refused"
    )
    message = serializers.CharField(help_text="the same for people")
    user = serializers.CharField(help_text="who the key is of")
    version = serializers.CharField(help_text="the server's")


class IdentifySerializer(StrictSerializer):
    """Which videos: some by their ids, else all that a query finds."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST), required=False,
        max_length=_MOST_IDS,
    )  # fmt: skip
    q = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_QUERY)
    again = serializers.BooleanField(
        default=False, help_text="also those about which was asked, and that are as they were"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "ids" in attrs and attrs["q"]:
            raise serializers.ValidationError({"ids": ["Name videos by ids or by q."]})
        return attrs


@extend_schema_field(_POLICIES)
class PoliciesField(serializers.JSONField):
    """By a field's name what is done with a value that is there already."""

    def to_representation(self, value: Any) -> Any:
        return {**IdentifySettings.DEFAULT_POLICIES, **(value or {})}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        known = IdentifySettings.DEFAULT_POLICIES
        if not isinstance(data, dict) or not set(data) <= set(known):
            names = ", ".join(known)
            raise serializers.ValidationError(f"Give a JSON object with any of {names}.")
        if wrong := [name for name, policy in data.items() if policy not in FieldPolicy.values]:
            allowed = ", ".join(FieldPolicy.values)
            raise serializers.ValidationError(f"{wrong[0]}: known are {allowed}.")
        return data


class NightlyField(serializers.BooleanField):
    """Whether a schedule asks, which is no column of the settings."""

    def get_attribute(self, _instance: IdentifySettings) -> bool:
        return is_nightly()


class IdentifySettingsSerializer(RowSerializer):
    """From which score on what is done, and how candidates are applied.

    Of `policies` those that are sent are changed, and the others stay.
    """

    policies = PoliciesField(required=False)
    nightly = NightlyField(
        required=False, help_text="ask every night about what is new or has new fingerprints"
    )

    class Meta:
        model = IdentifySettings
        fields = [
            "apply_from", "review_from", "lead", "on_import", "nightly", "search_text", "policies",
            "unknown_performers", "unknown_studios", "unknown_tags", "version",
        ]  # fmt: skip
        read_only_fields = ["version"]

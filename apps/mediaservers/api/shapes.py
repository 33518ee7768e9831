"""Media servers and what they are told, as the API takes and shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import RowSerializer, StrictSerializer
from apps.library.models import Library
from apps.mediaservers import mapping
from apps.mediaservers.models import MediaServer, Notice

_LARGEST = 2**63 - 1
_LONGEST_TOKEN = 1_000
_LONGEST_PATH = 4_000
_MOST_IDS = 10_000
_RULES = {
    "type": "array",
    "maxItems": mapping.MOST_RULES,
    "items": {
        "type": "object",
        "required": ["here", "there"],
        "properties": {
            "here": {"type": "string", "description": "a folder on this machine"},
            "there": {"type": "string", "description": "the same folder as the server calls it"},
        },
    },
}
_REASONS = (
    "dns, tls, unreachable, timeout, private, redirect, no_token, unauthorised, not_allowed, "
    "not_found, wrong_kind, rate_limited, busy, too_large, broken_answer, refused"
)


@extend_schema_field(_RULES)
class PathMapField(serializers.JSONField):
    """The rules of a server."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return mapping.cleaned(data)
        except mapping.MapRefused as error:
            raise serializers.ValidationError(str(error)) from error


class MediaServerSerializer(RowSerializer):
    """A server that is told which files have changed. Its token is written, but never shown."""

    token = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=_LONGEST_TOKEN,
        help_text="kept encrypted; empty takes it away",
    )  # fmt: skip
    has_token = serializers.SerializerMethodField(help_text="whether there is a token")
    path_map = PathMapField(
        required=False, help_text="the longest rule that fits counts; none: paths are the same"
    )
    libraries = serializers.PrimaryKeyRelatedField(
        queryset=Library.objects.all(), many=True, required=False,
        help_text="whose files it is told of (none: of all)",
    )  # fmt: skip
    waiting = serializers.IntegerField(
        read_only=True, help_text="notices that are to be told or looked up"
    )
    failed = serializers.IntegerField(read_only=True, help_text="notices that have failed")

    class Meta:
        model = MediaServer
        fields = [
            "id", "name", "kind", "url", "token", "has_token", "path_map", "libraries", "enabled",
            "tell_scans", "confirm", "allow_private", "waiting", "failed", "asked_at",
            "answered_at", "failing_since", "failures", "reason", "outcome", "not_before",
            "created_at", "updated_at", "version",
        ]  # fmt: skip
        read_only_fields = [
            "asked_at", "answered_at", "failing_since", "failures", "reason", "outcome",
            "not_before", "version",
        ]  # fmt: skip

    def get_has_token(self, server: MediaServer) -> bool:
        return bool(server.sealed_token)


class LibraryThereShape(serializers.Serializer):
    """Where a library of ours is for a server."""

    library = serializers.CharField(help_text="its name")
    here = serializers.CharField(help_text="its folder on this machine")
    there = serializers.CharField(help_text="the same folder as the server calls it")
    inside = serializers.CharField(help_text="the server's own library that shows it, if any does")
    reason = serializers.CharField(
        help_text="empty, or why it can't be told of it: unmapped, shadowed, unnameable, outside"
    )


class ServerStateShape(serializers.Serializer):
    """Whether a server can be told, and if not, why."""

    ok = serializers.BooleanField()
    reason = serializers.CharField(
        help_text=f"empty, or one of {_REASONS}; or that of the first library that it lacks"
    )
    message = serializers.CharField(help_text="the same for people")
    product = serializers.CharField(help_text="what it says it is")
    name = serializers.CharField(help_text="the name that it has given itself")
    version = serializers.CharField()
    libraries = LibraryThereShape(many=True)


class MappedPathSerializer(StrictSerializer):
    path = serializers.CharField(
        max_length=_LONGEST_PATH, trim_whitespace=False, help_text="of a file on this machine"
    )


class PathRuleShape(serializers.Serializer):
    here = serializers.CharField()
    there = serializers.CharField()


class MappedPathShape(serializers.Serializer):
    """What becomes of one path."""

    there = serializers.CharField(help_text="as the server is told")
    rule = PathRuleShape(allow_null=True, help_text="of the path map, by which it is so")
    back = serializers.CharField(help_text="where the server's path leads on this machine")
    whole = serializers.BooleanField(
        help_text="false if the name can't be written, so that its folder is told"
    )
    reason = serializers.CharField(
        help_text="empty, or why it can't be told: unmapped, shadowed, unnameable"
    )


class NoticeSerializer(serializers.ModelSerializer):
    """That a file has changed, for one server, and what came of it."""

    path = serializers.CharField(
        source="shown", help_text=r"on this machine; bytes beyond UTF-8 as \xNN"
    )
    job = serializers.IntegerField(source="job_id", help_text="that told it last")

    class Meta:
        model = Notice
        fields = [
            "id", "server", "library", "path", "there", "change", "size_bytes", "state", "changes",
            "attempts", "looks", "reason", "outcome", "made_at", "changed_at", "next_at",
            "told_at", "ended_at", "job",
        ]  # fmt: skip


class TellAgainSerializer(StrictSerializer):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_LARGEST), max_length=_MOST_IDS,
        min_length=1,
    )  # fmt: skip


class TellAgainShape(serializers.Serializer):
    told = serializers.IntegerField(help_text="how many will be told again")

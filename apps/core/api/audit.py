"""The audit: who changed what, and taking it back."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import undo
from apps.core.api.filters import AnyOfFilter, FilterSet, IdsFilter, WordsFilter
from apps.core.api.serializers import AnyObject, StrictSerializer
from apps.core.api.views import ListedViewSet
from apps.core.changes import said_of
from apps.core.models import AuditAction, AuditEntry


def started(job_id: int, _request: Request, /) -> Response:
    """The answer when a job was asked for; ``mediahub.api`` puts one that shows it in its place."""
    return Response({"id": job_id}, status=202)


class AuditEntrySerializer(serializers.ModelSerializer):
    """One change of one object, or of many at once. `changes` maps fields to `[old, new]`.

    Of many (`row_count`, with an `object_id` of 0) they say of sets what was removed and what was
    added, of other fields only what is the same for all; filtered by one `object_id`, they are
    that object's own.
    """

    action = serializers.ChoiceField(choices=AuditAction.choices)
    changes = serializers.SerializerMethodField()
    user_name = serializers.CharField(source="user.username", default=None, allow_null=True)
    undoable = serializers.SerializerMethodField(
        help_text="an undo may be tried: what happened since can still stand against it"
    )

    class Meta:
        model = AuditEntry
        fields = [
            "id", "at", "action", "object_type", "object_id", "object_name", "row_count", "changes",
            "user", "user_name", "job_id", "request_id", "undoable",
        ]  # fmt: skip

    @extend_schema_field(AnyObject)
    def get_changes(self, entry: AuditEntry) -> dict[str, Any]:
        return said_of(entry)

    def get_undoable(self, entry: AuditEntry) -> bool:
        return undo.is_offered(entry)


class UndoSerializer(StrictSerializer):
    force = serializers.BooleanField(
        default=False, help_text="overwrite what was changed again since"
    )
    keep = serializers.BooleanField(
        default=False,
        help_text="of a change of many objects: leave what was changed again since, undo the rest",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["force"] and attrs["keep"]:
            raise serializers.ValidationError({"keep": ["Either force it or keep what is there."]})
        return attrs


class UndoneSerializer(serializers.Serializer):
    """The entry of the undo, and what didn't come back."""

    entry = AuditEntrySerializer()
    lost = serializers.ListField(child=serializers.CharField())


class ConcerningFilter(IdsFilter):
    def filter(self, qs: Any, value: list[int]) -> Any:
        return qs.concerning(value) if value else qs


class AuditFilter(FilterSet):
    action = WordsFilter(field_name="action", label="any of these actions")
    object_type = WordsFilter(field_name="object_type", label="such as `library.video`")
    object_id = ConcerningFilter(label="any of these ids, alone or among many")
    name = filters.CharFilter(
        field_name="object_name", lookup_expr="icontains", label="part of the object's name"
    )
    field = filters.CharFilter(method="changing", label="changes of this field")
    value = filters.CharFilter(method="with_value", label="changes from or to exactly this value")
    user = AnyOfFilter(field_name="user", label="any of these users")
    job_id = AnyOfFilter(field_name="job_id", label="any of these jobs")
    request_id = WordsFilter(field_name="request_id")
    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def changing(self, entries: Any, _name: str, value: str) -> Any:
        return entries.changing(value)

    def with_value(self, entries: Any, _name: str, value: str) -> Any:
        return entries.with_value(value)


class AuditViewSet(ListedViewSet):
    """Every change that a person, a token or a job made; of private things only your own."""

    queryset = AuditEntry.objects.select_related("user")
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter
    ordering_fields = {"id": "id"}

    def get_queryset(self) -> Any:
        entries: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return entries
        return entries.readable_by(self.request.user)

    @extend_schema(
        request=UndoSerializer,
        responses={
            200: UndoneSerializer,
            202: OpenApiResponse(
                OpenApiTypes.OBJECT, "the job that undoes a change of very many objects"
            ),
        },
    )
    @action(detail=True, methods=["post"], permission="core.view_auditentry")
    def undo(self, request: Request, **_kwargs: Any) -> Response:
        """Take a change back. Fields that were changed again since are a conflict (409), unless
        `force` or `keep`; so is what can't be undone. Takes the permission to change such objects.
        Of many objects `conflicts` says how many, and `samples` some of them."""
        entry = self.get_object()
        if not request.user.has_perms(undo.permissions(entry)):
            raise PermissionDenied
        asked = UndoSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        undone = _undo(entry, **asked.validated_data)
        if isinstance(undone, undo.Asked):
            return started(undone.job_id, request)
        return Response({"entry": self.represent(undone.entry), "lost": undone.lost})


def _undo(entry: AuditEntry, *, force: bool, keep: bool) -> undo.Undone | undo.Asked:
    if not entry.row_count:
        return undo.undo(entry, force=force)
    how = undo.Contested.OVERWRITE if force else undo.Contested.REFUSE
    return undo.undo_many(entry, undo.Contested.KEEP if keep else how)

"""The audit: who changed what, to be read only."""

from django_filters import rest_framework as filters
from rest_framework import serializers

from apps.core.api.filters import AnyOfFilter, FilterSet, WordsFilter
from apps.core.api.serializers import AnyObject
from apps.core.api.views import ListedViewSet
from apps.core.models import AuditAction, AuditEntry


class AuditEntrySerializer(serializers.ModelSerializer):
    """One change of one object. `changes` maps fields to `[old, new]`."""

    action = serializers.ChoiceField(choices=AuditAction.choices)
    changes = AnyObject()
    user_name = serializers.CharField(source="user.username", default=None, allow_null=True)

    class Meta:
        model = AuditEntry
        fields = [
            "id", "at", "action", "object_type", "object_id", "object_name", "changes", "user",
            "user_name", "job_id", "request_id",
        ]  # fmt: skip


class AuditFilter(FilterSet):
    action = WordsFilter(field_name="action", label="any of these actions")
    object_type = WordsFilter(field_name="object_type", label="such as `library.video`")
    object_id = AnyOfFilter(field_name="object_id", label="any of these ids")
    user = AnyOfFilter(field_name="user", label="any of these users")
    job_id = AnyOfFilter(field_name="job_id", label="any of these jobs")
    request_id = WordsFilter(field_name="request_id")
    after = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields: list[str] = []


class AuditViewSet(ListedViewSet):
    """Every change that a person, a token or a job made."""

    queryset = AuditEntry.objects.select_related("user")
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter
    ordering_fields = {"id": "id"}

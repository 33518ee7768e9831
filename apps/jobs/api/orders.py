"""Holds and schedules: seen by whoever sees jobs, changed by whoever controls them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.permissions import ModelAndScopePermissions, OpsCaller
from apps.core.api.serializers import AnyObject, RowSerializer, StrictSerializer
from apps.core.api.views import EditableViewSet, ListedViewSet
from apps.jobs.api.control import started
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.choices import Queue
from apps.jobs.models import Hold, Schedule
from apps.jobs.services import holds, schedules


class _OrdersViewSet(ListedViewSet):
    write_scope = "ops"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        reads = request.method in SAFE_METHODS
        self.permission = "jobs.view_job" if reads else "jobs.control_job"
        super().initial(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        reads = self.request.method in SAFE_METHODS
        return [ModelAndScopePermissions()] if reads else [ModelAndScopePermissions(), OpsCaller()]


class HoldSerializer(serializers.ModelSerializer):
    """A queue or a kind of which nothing is started."""

    queue = serializers.ChoiceField(choices=[("", "none"), *Queue.choices])

    class Meta:
        model = Hold
        fields = ["id", "queue", "kind", "reason", "since", "by"]


class HoldEditSerializer(StrictSerializer):
    """Either `queue` or `kind`."""

    queue = serializers.ChoiceField(choices=Queue.choices, required=False)
    kind = serializers.CharField(required=False, max_length=60)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)


class HoldViewSet(_OrdersViewSet):
    """Queues and kinds that are held."""

    queryset = Hold.objects.all()
    serializer_class = HoldSerializer

    @extend_schema(request=HoldEditSerializer, responses={201: HoldSerializer})
    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Start nothing more of a queue or of a kind; one that is held already stays as it is."""
        body = HoldEditSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row = holds.hold(**body.validated_data)
        return Response(self.represent(row), status=201, headers={"Location": self.location(row)})

    def destroy(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Let it go on."""
        held: Hold = self.get_object()
        holds.release(queue=held.queue, kind=held.kind)
        return Response(status=204)


class ScheduleSerializer(RowSerializer):
    """A job that is asked for at certain times, in the time zone of `MEDIAHUB_TIME_ZONE`."""

    params = AnyObject(required=False)
    described = serializers.SerializerMethodField(help_text="the times in words")

    class Meta:
        model = Schedule
        fields = [
            "id", "name", "kind", "params", "cron", "described", "priority", "enabled", "next_at",
            "last_at", "last_job", "last_error", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "next_at", "last_at", "last_job", "last_error", "version", "created_at", "updated_at",
        ]  # fmt: skip

    def get_described(self, schedule: Schedule) -> str:
        return schedules.describe(schedule)


class ScheduleViewSet(_OrdersViewSet, EditableViewSet):
    """Jobs that are asked for at certain times."""

    queryset = Schedule.objects.order_by("name")
    serializer_class = ScheduleSerializer
    ordering_fields = {"id": "id", "name": "name", "next_at": "next_at"}
    default_ordering = "name"

    def make(self, values: dict[str, Any]) -> Schedule:
        return schedules.create(Schedule(**values))

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> Schedule:
        return schedules.update(row, values, expected_version=version)

    def remove(self, row: Any, version: int | None) -> None:
        schedules.delete(row, expected_version=version)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def run(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for its job now; answers with the one that is still under way, if there is one."""
        return started(schedules.run_now(self.get_object()), request)

"""The state of the system."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import StrictView
from apps.ops.services.status import system_status


class MigrationsShape(serializers.Serializer):
    current = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    unknown = serializers.ListField(child=serializers.CharField())


class RowsShape(serializers.Serializer):
    count = serializers.IntegerField()
    count_is_estimate = serializers.BooleanField()


class QueueShape(serializers.Serializer):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    paused = serializers.IntegerField()
    cancelling = serializers.IntegerField()
    waiting_s = serializers.FloatField(help_text="for how long the oldest job has been due")


class SettingShape(serializers.Serializer):
    value = serializers.JSONField()
    source = serializers.CharField()  # type: ignore[assignment]


class StatusShape(serializers.Serializer):
    """What runs here, on what, and how much of it there is."""

    versions = serializers.DictField(child=serializers.CharField())
    migrations = MigrationsShape()
    rows = serializers.DictField(child=RowsShape(), help_text="by model")
    queues = serializers.DictField(child=QueueShape(), help_text="by queue")
    settings = serializers.DictField(child=SettingShape(), help_text="secrets are masked")


class StatusView(StrictView):
    """Versions, migrations, numbers of rows, settings and depths of queues."""

    permission = "core.view_health"

    @extend_schema(responses=StatusShape)
    def get(self, _request: Request) -> Response:
        return Response(system_status(now=timezone.now()))

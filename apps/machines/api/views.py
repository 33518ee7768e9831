"""Machines: they enter themselves; people change their limits."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ListedViewSet, expected_version
from apps.machines.api.shapes import MachineSerializer
from apps.machines.models import Machine
from apps.machines.services.inventory import examine_again
from apps.machines.services.limits import change_limits


class MachineViewSet(ListedViewSet):
    """Where workers run: what each machine has, how it fares, and where its limits are."""

    queryset = Machine.objects.all()
    serializer_class = MachineSerializer
    ordering_fields = {"id": "id", "host": "host"}
    write_scope = "ops"

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Change limits. They hold from the machine's next look at itself, seconds later."""
        machine: models.Model = self.get_object()
        body = self.get_serializer(machine, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        changed = change_limits(
            self.get_object(), values, expected_version=expected_version(request)
        )
        return Response(self.represent(changed))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], permission="machines.change_machine")
    def examine(self, _request: Request, **_kwargs: Any) -> Response:
        """Have its encoders tried anew when next something there asks what it encodes."""
        examine_again(self.get_object())
        return Response(status=204)

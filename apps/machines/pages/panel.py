"""The machines at a glance, for the pages of others."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from apps.machines.models import Machine
from apps.machines.pages.views import MachineView, machine_view

_MOST = 12


def machines_panel(request: HttpRequest, *, now: datetime) -> dict[str, Any] | None:
    """For the board of jobs: its template and what that takes; nothing for who may not see it."""
    machines = machines_now(request, now=now)
    return {"template": "admin/machines/_panel.html", "machines": machines} if machines else None


def machines_now(request: HttpRequest, *, now: datetime) -> list[MachineView]:
    """The machines that were heard of lately, none for who may not see them."""
    if not request.user.has_perm("machines.view_machine"):
        return []
    listed = Machine.objects.seen_lately(now=now).order_by("host", "pk")[:_MOST]
    return [machine_view(machine, now=now) for machine in listed]

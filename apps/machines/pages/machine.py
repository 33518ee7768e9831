"""One machine: what it has and does, what is held back and why, and its limits to change."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.forms import changed_values
from apps.core.pages import AdminPage
from apps.core.units import say_ago
from apps.machines.forms import LimitsForm
from apps.machines.models import Machine
from apps.machines.pages.views import encoder_views, machine_view
from apps.machines.services.inventory import examine_again
from apps.machines.services.limits import change_limits

_GROUPS = (
    ("Graphics cards", ("gpu_hold_c", "gpu_resume_c", "gpu_pause_c", "gpu_free_mb",
                        "gpu_encoder_percent", "gpu_sessions", "gpu_hold_slowed")),
    ("The machine", ("load_per_core", "memory_percent", "disk_reserve_gb",
                     "battery_pause_percent", "settle_seconds", "hold_on_battery")),
)  # fmt: skip


class MachinePage(AdminPage):
    """``fragment=live`` is how it fares now."""

    title = "Machine"
    name = "machines_machine_change"
    route = "<int:pk>/change/"
    permission_required = "machines.view_machine"
    template_name = "admin/machines/machine.html"
    fragments = {"live": "admin/machines/_live.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("pk", None)
        machine, now = self._machine(), timezone.now()
        view = machine_view(machine, now=now)
        told: dict[str, Any] = {"view": view}
        if "fragment" not in self.request.GET:
            form = kwargs.pop("form", None) or LimitsForm(instance=machine)
            told |= {
                "title": machine.host,
                "encoders": encoder_views(machine),
                "examined": say_ago(machine.examined_at, now=now),
                "is_due": not machine.abilities_key,
                "versions": _versions(machine),
                "form": form,
                "groups": [(label, [form[name] for name in names]) for label, names in _GROUPS],
                "may_change": self.request.user.has_perm("machines.change_machine"),
            }
        return super().get_context_data(**told, **kwargs)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("machines.change_machine"):
            raise PermissionDenied
        machine = self._machine()
        if request.POST.get("deed") == "examine":
            examine_again(machine)
            messages.success(request, "Its encoders are tried anew when a job there asks next.")
            return redirect("admin:machines_machine_change", machine.pk)
        form = LimitsForm(request.POST, instance=machine)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        version = form.cleaned_data.get("version")
        try:
            change_limits(self._machine(), changed_values(form), expected_version=version)
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Saved. It holds from the machine's next look at itself.")
        return redirect("admin:machines_machine_change", machine.pk)

    def _machine(self) -> Machine:
        return get_object_or_404(Machine, pk=self.kwargs["pk"])


def _versions(machine: Machine) -> list[tuple[str, str]]:
    told = [
        ("ffmpeg", str(machine.abilities.get("ffmpeg", ""))),
        ("NVIDIA's driver", str(machine.sample.get("driver", ""))),
        ("Known to workers as", machine.name),
    ]
    return [(label, value) for label, value in told if value]

"""Whether the system is well, for people."""

from typing import Any

from django.utils import timezone

from apps.core.pages import AdminPage
from apps.core.units import say_seconds
from apps.ops.services.health import check_health
from apps.ops.services.programs import examine_programs
from apps.ops.services.status import system_status

_VARIANTS = {"ready": "success", "degraded": "warning", "unready": "danger"}


class HealthPage(AdminPage):
    """The checks that ``/readyz`` makes, the queues, the versions and the settings.

    ffmpeg is examined apart, because trying its encoders takes seconds.
    """

    title = "Health"
    name = "health"
    route = "health/"
    permission_required = "core.view_health"
    template_name = "admin/ops/health.html"
    fragments = {"programs": "admin/ops/_programs.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.request.GET.get("fragment") == "programs":
            return {"programs": examine_programs(), **kwargs}
        health, status = check_health(), system_status(now=timezone.now())
        return super().get_context_data(
            health=health,
            variant=_VARIANTS[health.status],
            versions=list(status["versions"].items()),
            queues=[
                {"name": name, **queue, "waiting": say_seconds(queue["waiting_s"])}
                for name, queue in status["queues"].items()
            ],
            settings=[{"name": name, **one} for name, one in status["settings"].items()],
            **kwargs,
        )

"""Whether the system is well."""

from apps.core.pages import AdminPage


class HealthPage(AdminPage):
    """The checks that ``/readyz`` makes, for people."""

    title = "Health"
    name = "health"
    route = "health/"
    permission_required = "core.view_health"
    template_name = "admin/ops/health.html"

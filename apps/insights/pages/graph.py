"""The performers' network as a drawing, and as a table."""

from typing import Any

from django.urls import reverse

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.insights.services.network import DEFAULT_NODES, MOST_NODES
from apps.library.search import Asker, Question

SIZES = (100, 250, DEFAULT_NODES, 1_000, 2_000, MOST_NODES)
WEIGHTS = (1, 2, 3, 5, 10, 25, 50)


class GraphPage(AdminPage):
    """Its script asks the API for what ``?q=&min_weight=&limit=`` says, and draws it."""

    title = "Performers' network"
    name = "insights_graph"
    route = "graph/"
    permission_required = "library.view_performer"
    template_name = "admin/insights/graph.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text, error = self.request.GET.get("q", ""), ""
        try:
            text = Question.read(text, asker=Asker.of(self.request.user)).text
        except MediaHubError as refused:
            error = str(refused)
        limit = self._choice("limit", SIZES, DEFAULT_NODES)
        weight = self._choice("min_weight", WEIGHTS, 1)
        asked = {"limit": limit, "min_weight": weight, **({"q": text} if text else {})}
        return super().get_context_data(
            q=text, error=error, limit=limit, min_weight=weight, sizes=SIZES, weights=WEIGHTS,
            data_url=reverse("v1:performer-graph", query=asked),
            browse_url=reverse("admin:library_video_browse"),
            performer_url=reverse("admin:library_performer_change", args=[0]),
            **kwargs,
        )  # fmt: skip

    def _choice(self, name: str, known: tuple[int, ...], default: int) -> int:
        text = self.request.GET.get(name, "")
        return int(text) if text in map(str, known) else default

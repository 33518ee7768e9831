"""The saved views that people have pinned: in the sidebar and on the first page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape

from apps.browse.models import SavedView
from apps.browse.services.views import dashboard_views, known_counts, sidebar_views
from apps.core.counting import RowCount

_UNKNOWN = "…"  # the page's script asks for the count
_BROKEN = "!"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A view on the first page, with the count that was known when it was made."""

    pk: int
    name: str
    icon: str
    url: str
    count: str


def sidebar_items(request: HttpRequest) -> list[dict[str, object]]:
    """The menu's items; one query, and none for the counts."""
    user: Any = request.user
    if not user.has_perm("library.view_video"):
        return []
    views = sidebar_views(user)
    counts = known_counts(views, user) if views else {}
    browse = reverse("admin:library_video_browse")
    here = request.GET.get("view") if request.path == browse else None
    return [
        {
            "title": escape(view.name),  # the menu's template takes it for HTML
            "icon": view.icon,
            "link": _url(view),
            "active": here == str(view.pk),
            "badge": _say(view, counts),
            "badge_variant": "primary",
        }
        for view in views
    ]


def dashboard_items(request: HttpRequest) -> list[Pinned]:
    """The first page's tiles; one query, and none for the counts."""
    user: Any = request.user
    if not user.has_perm("library.view_video"):
        return []
    views = dashboard_views(user)
    counts = known_counts(views, user) if views else {}
    return [Pinned(view.pk, view.name, view.icon, _url(view), _say(view, counts)) for view in views]


def _url(view: SavedView) -> str:
    return reverse("admin:library_video_browse", query={"view": view.pk})


def _say(view: SavedView, counts: dict[int, RowCount | None]) -> str:
    if view.pk not in counts:
        return _UNKNOWN
    count = counts[view.pk]
    return _BROKEN if count is None else str(count)

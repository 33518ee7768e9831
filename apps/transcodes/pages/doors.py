"""Doors to transcodes from the list and the pages of videos, which know nothing of them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.library.admin.video import VideoAdmin
from apps.library.models import Video

_MOST_CHOSEN = 1_000  # they are named in an address


@admin.action(description="Transcode…", permissions=["transcode"])
def transcode_chosen(
    _admin: Any, request: HttpRequest, queryset: QuerySet[Video]
) -> HttpResponse | None:
    """Leads to the page that says what will happen."""
    ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: _MOST_CHOSEN + 1])
    if len(ids) > _MOST_CHOSEN:
        messages.warning(request, f"Choose up to {_MOST_CHOSEN:,} videos, or ask with a query.")
        return None
    return redirect(reverse("admin:transcodes_ask", query={"id": ids}))


def _may_transcode(_self: Any, request: HttpRequest) -> bool:
    return bool(request.user.has_perm("transcodes.add_transcode"))


def open_doors() -> None:
    """Once, where the admin is put together."""
    VideoAdmin.has_transcode_permission = _may_transcode
    VideoAdmin.actions = [*VideoAdmin.actions, transcode_chosen]
    VideoAdmin.panels = (*VideoAdmin.panels, "admin/transcodes/_video_panel.html")

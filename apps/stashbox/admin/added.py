"""What the catalogue's admin, which knows nothing of stash-boxes, gets from here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin.base import BaseAdmin
from apps.library.admin.people import PerformerAdmin
from apps.library.admin.video import VideoAdmin
from apps.library.models import Video
from apps.stashbox.admin.asking import identify
from apps.stashbox.pages.performer import PerformerPage


@admin.action(description="Identify", permissions=["identify"])
def identify_chosen(_admin: VideoAdmin, request: HttpRequest, queryset: QuerySet[Video]) -> None:
    identify(request, queryset.values_list("pk", flat=True), again=False)


def _may_identify(_self: Any, request: HttpRequest) -> bool:
    return request.user.has_perm("stashbox.identify")


VideoAdmin.has_identify_permission = _may_identify
VideoAdmin.change_form_outer_after_template = "admin/stashbox/video_door.html"
VideoAdmin.actions = [*VideoAdmin.actions, identify_chosen]
_performers: type[BaseAdmin] = PerformerAdmin
_performers.pages = (*_performers.pages, PerformerPage)
PerformerAdmin.change_form_after_template = "admin/stashbox/performer_door.html"

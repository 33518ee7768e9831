"""FaceLab in the admin: its pages stand in the place of lists and forms of faces."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import column
from apps.faces.models import FaceSettings, Identity
from apps.faces.pages.identity import IdentityPage
from apps.faces.pages.knobs import KnobsPage
from apps.faces.pages.lab import FaceLabPage
from apps.faces.pages.pictures import picture_urls
from apps.faces.pages.video import VideoFacesPage
from apps.faces.pages.wiping import WipeAllPage, WipePersonPage
from apps.library.admin.people import PerformerAdmin

PerformerAdmin.change_form_outer_after_template = "admin/faces/performer_door.html"


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    """Links of the audit and of the search come here, and are led to FaceLab."""

    pages = (
        FaceLabPage, KnobsPage, VideoFacesPage, IdentityPage, WipePersonPage, WipeAllPage,
    )  # fmt: skip
    list_display = ["__str__", "opened"]

    @column("")
    def opened(self, identity: Identity) -> SafeString:
        url = reverse("admin:faces_identity", args=[identity.pk])
        return format_html('<a class="mh-link" href="{}">Faces</a>', url)

    def get_urls(self) -> list[URLPattern]:
        return [*picture_urls(), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:faces_lab")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 19):
            return redirect("admin:faces_lab")
        return redirect("admin:faces_identity", int(object_id))


@admin.register(FaceSettings)
class FaceSettingsAdmin(ReadOnlyAdmin):
    """The one row's page is the knobs'."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:faces_settings")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:faces_settings")

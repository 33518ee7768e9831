"""Looking for videos, mounted beside their list, and the views that people keep."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.browse.forms import SavedViewForm
from apps.browse.models import SavedView
from apps.browse.pages.browse import BrowsePage, FilterPage
from apps.browse.services import views
from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.core.forms import changed_values
from apps.library.admin.video import VideoAdmin

VideoAdmin.pages = (BrowsePage, FilterPage, *VideoAdmin.pages)


@admin.register(SavedView)
class SavedViewAdmin(AuditedAdmin):
    """One's own views and those that others share; who made one changes it, and superusers."""

    form = SavedViewForm
    list_display = (
        "name", "shown", "query", "layout", "owner", "shared", "on_dashboard", "in_sidebar",
    )  # fmt: skip
    list_filter = ("shared", "in_sidebar", "on_dashboard", "layout")
    list_select_related = ("owner",)
    search_fields = ("name", "query")
    search_help_text = "Search names and queries"
    ordering = ("name", "pk")
    readonly_fields = ("owner",)
    fieldsets = (
        (None, {"fields": ("name", "icon", "query", "ordering", "owner")}),
        ("How it is shown", {"fields": ("layout", "zoom", "page_size", "columns")}),
        ("Where it is shown", {"fields": ("shared", "on_dashboard", "in_sidebar")}),
    )
    empty_title = "No views yet"
    empty_text = "A view is a query with how its videos are shown: save one on Browse."

    @column("videos")
    def shown(self, view: SavedView) -> SafeString:
        url = reverse("admin:library_video_browse", query={"view": view.pk})
        words = '<a class="mh-link" href="{}">Show<span class="mh-spoken"> {}</span></a>'
        return format_html(words, url, view.name)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SavedView]":
        user: Any = request.user
        return views.views_for(user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("library.view_video")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = self.has_view_permission(request)
        return allowed and (obj is None or views.may_change(obj, request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[SavedViewForm]:
        form: Any = super().get_form(request, *args, **kwargs)
        form.user = request.user  # the class was made for this request
        checked: type[SavedViewForm] = form
        return checked

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user: Any = request.user
        if not change:
            made = views.create_view(user, form.values(), now=timezone.localtime())
            obj.pk, obj.version, obj.owner_id = made.pk, made.version, made.owner_id
            return
        version = form.cleaned_data.get("version")
        stored = views.change_view(
            obj, changed_values(form), by=user, now=timezone.localtime(),
            expected_version=version,
        )  # fmt: skip
        obj.version = stored.version

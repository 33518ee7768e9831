"""Libraries: their list, their settings, and the button that scans."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.core.admin import AuditedAdmin, StableChangeList
from apps.core.admin.base import back_to, column
from apps.core.errors import MediaHubError
from apps.core.forms import changed_values
from apps.library.choices import Question
from apps.library.forms import LibraryForm
from apps.library.models import Library
from apps.library.pages import LibrariesLive, LibraryPage, ScanPage
from apps.library.pages.forget import ForgetPage
from apps.library.pages.libraries import LibraryView, count_shown, library_views, with_counts
from apps.library.services.library_edits import check_removable, create_library, edit_library
from apps.library.tasks import request_removal, request_scan, request_verify


class LibraryChangeList(StableChangeList):
    """A row leads to the library's own page rather than to its form."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        views = library_views(self.result_list, now=timezone.now())
        for library, view in zip(self.result_list, views, strict=True):
            library.view = view

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:library_library_overview", args=[result.pk])


@admin.register(Library)
class LibraryAdmin(AuditedAdmin):
    pages = (LibrariesLive, ScanPage, LibraryPage, ForgetPage)
    form = LibraryForm
    list_display = ["named", "state_now", "contents", "last_scan"]
    list_display_links = ["named"]
    sortable_by = ()
    ordering = ["name", "pk"]
    actions = None
    list_before_template = "admin/library/_list_live.html"
    empty_title = "No library yet"
    empty_text = "Add a folder of videos, or start MediaHub with make run MEDIA=/path/to/videos."
    fieldsets = [
        (None, {"fields": ["name", "root", "prefixes"]}),
        ("What is taken in", {"fields": ["include", "exclude", "extensions"]}),
        (
            "How it is scanned",
            {
                "fields": [
                    "watch",
                    "scan_every_minutes",
                    "gone_percent",
                    "probes_at_once",
                    "files_per_second",
                    "full_hash",
                    "verify_every_days",
                    "bytes_per_second",
                ]
            },
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["name", "root", "scan_now"]}),
        (
            "What is taken in",
            {"fields": ["include", "exclude", "extensions"], "classes": ["collapse"]},
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        scan = self.admin_site.admin_view(self.scan)
        verify = self.admin_site.admin_view(self.verify)
        return [
            path("<int:pk>/scan/", scan, name="library_library_scan"),
            path("<int:pk>/verify/", verify, name="library_library_verify"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LibraryChangeList]:
        return LibraryChangeList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        may_scan = request.user.has_perm("library.scan_library")
        return [*self.list_display, "buttons"] if may_scan else list(self.list_display)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Library]:
        return with_counts(super().get_queryset(request))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"scan_now": True, **super().get_changeform_initial_data(request)}

    @column("library")
    def named(self, library: Any) -> SafeString:
        return format_html(
            '<span class="mh-named"><b>{}</b><span class="mh-path">{}</span></span>',
            library.name,
            library.root,
        )

    @column("state")
    def state_now(self, library: Any) -> str:
        return _part("state", library.view)

    @column("videos")
    def contents(self, library: Any) -> str:
        return _part("contents", library.view)

    @column("last scan")
    def last_scan(self, library: Any) -> str:
        return _part("last_scan", library.view)

    @column("")
    def buttons(self, library: Any) -> str:
        return _part("buttons", library.view)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values, prefixes = changed_values(form), form.cleaned_data.get("prefixes")
        if change:
            version = form.cleaned_data["version"]
            obj.version = edit_library(
                obj, values, prefixes=prefixes, expected_version=version
            ).version
        else:
            obj.pk = create_library(values, prefixes=prefixes or ()).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        check_removable(obj)
        request_removal(obj)

    def consequence(self, library: Any) -> str:
        videos = count_shown(library.videos_counted)
        return (
            f"{videos} videos are forgotten with their tags, markers and ratings. "
            "The files on disk stay as they are"
        )

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, f"{obj_display} is being removed.")
        return redirect("admin:library_library_changelist")

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        if request.POST.get("scan_now") and request.user.has_perm("library.scan_library"):
            request_scan(obj)
            messages.success(request, f"{obj} was added and is being scanned.")
        else:
            messages.success(request, f"{obj} was added. Scan it to see its videos.")
        return redirect("admin:library_library_overview", obj.pk)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if "_continue" in request.POST:
            response: HttpResponse = super().response_change(request, obj)
            return response
        messages.success(request, f"{obj} was saved. What changed shows after the next scan.")
        return redirect("admin:library_library_overview", obj.pk)

    @method_decorator(require_POST)
    def scan(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a scan; a second one of the same library joins the first."""
        if not request.user.has_perm("library.scan_library"):
            raise PermissionDenied
        library = get_object_or_404(Library, pk=pk)
        given = request.POST.get("path", "").strip()
        accept = [q for q in Question if q and q in request.POST.getlist("accept")]
        try:
            job = request_scan(
                library, paths=[given] if given else [], rescan="rescan" in request.POST,
                accept=accept,
            )  # fmt: skip
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            what = f"{given} in {library}" if given else str(library)
            messages.success(request, f"{what} is being scanned (job {job.pk}).")
        return back_to(request, "admin:library_library_overview", pk)

    @method_decorator(require_POST)
    def verify(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a check of what all files of a library hold."""
        if not request.user.has_perm("library.scan_library"):
            raise PermissionDenied
        library = get_object_or_404(Library, pk=pk)
        job = request_verify(library, whole=request.POST.get("how") != "places")
        messages.success(request, f"The files of {library} are being checked (job {job.pk}).")
        return back_to(request, "admin:library_library_overview", pk)


def _part(name: str, view: LibraryView) -> str:
    return render_to_string(f"admin/library/_cell_{name}.html", {"view": view})

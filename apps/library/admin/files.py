"""Files as the scans saw them, to read only."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import column
from apps.core.units import say_bytes, say_duration
from apps.library.admin.deeds import FileDeeds
from apps.library.admin.filters import IntegrityFilter, PresenceFilter, ReasonFilter
from apps.library.choices import Integrity, ProbeState
from apps.library.models import File
from apps.library.pages.deeds import ReadAgainPage, WhyPage
from apps.library.pages.panels import file_panel
from apps.library.services.verify import accept_content
from apps.library.tasks import request_verify_each


@admin.register(File)
class FileAdmin(FileDeeds, ReadOnlyAdmin):
    pages = (WhyPage, ReadAgainPage)
    list_before_template = "admin/library/_why_form.html"
    list_display = ["named", "library", "condition", "size", "length"]
    list_display_links = ["named"]
    list_filter = [
        ("library", RelatedDropdownFilter),
        PresenceFilter,
        ("probe_state", ChoicesDropdownFilter),
        ReasonFilter,
        IntegrityFilter,
    ]
    search_fields = ["path"]
    search_help_text = "Search paths"
    sortable_by = ()
    ordering = ["-pk"]
    actions: list[Any] = [*FileDeeds.file_deeds, "check_content", "accept_content"]
    list_disable_select_all = True
    change_form_template = "admin/library/file.html"
    empty_title = "No files yet"
    empty_text = "Files appear here while a library is scanned."

    def get_queryset(self, request: HttpRequest) -> QuerySet[File]:
        files: QuerySet[File] = super().get_queryset(request)
        return files.select_related("library").defer("streams", "chapters", "facts")

    def files_of(self, chosen: QuerySet[Any]) -> QuerySet[File]:
        return chosen

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return []

    def has_control_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("library.scan_library"))

    @admin.action(description="Check the content", permissions=["control"])
    def check_content(self, request: HttpRequest, files: QuerySet[File]) -> None:
        job = request_verify_each(files)
        messages.success(request, f"The files are being checked (job {job.pk}).")

    @admin.action(description="Accept the content as it is now", permissions=["control"])
    def accept_content(self, request: HttpRequest, files: QuerySet[File]) -> None:
        accepted = accept_content(files, now=timezone.now())
        messages.success(request, f"The content of {accepted} unsound files was accepted.")

    @column("file")
    def named(self, file: File) -> SafeString:
        folder, _, name = file.path.rpartition("/")
        return format_html(
            '<span class="mh-named"><b>{}</b><span class="mh-path">{}</span></span>', name, folder
        )

    @column(
        "state",
        labels={
            "fine": "success",
            "missing": "warning",
            "failed": "danger",
            "not read yet": "info",
            "unsound": "danger",
        },
    )
    def condition(self, file: File) -> Any:
        if file.missing_since:
            return "missing", f"missing since {file.missing_since:%Y-%m-%d}"
        if file.probe_state == ProbeState.FAILED:
            return "failed", (file.probe_error or "failed").replace("_", " ")
        if file.integrity not in ("", Integrity.GOOD):
            return "unsound", file.integrity
        return "fine" if file.probe_state == ProbeState.DONE else "not read yet"

    @column("size")
    def size(self, file: File) -> str:
        return say_bytes(file.size_bytes)

    @column("length")
    def length(self, file: File) -> str:
        return say_duration(file.duration_ms) or "-"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        file: File = context["original"]
        context |= {"panel": file_panel(file), "video": file.video, "library": file.library}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

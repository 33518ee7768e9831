"""What media servers were told, file by file."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)

from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import change_url, column
from apps.core.errors import MediaHubError
from apps.core.units import say_ago
from apps.jobs.models import Job
from apps.mediaservers.choices import NoticeState
from apps.mediaservers.models import Notice
from apps.mediaservers.services.notices import tell_again

_STATES = {
    str(NoticeState.WAITING.label): "info", str(NoticeState.TOLD.label): "default",
    str(NoticeState.CONFIRMED.label): "success", str(NoticeState.FAILED.label): "danger",
}  # fmt: skip


class OpenFilter(DropdownFilter):  # type: ignore[misc]
    """What is still to be told or looked up, or is over."""

    title = "still to do"
    parameter_name = "open"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Still to do"), ("no", "Over")]

    def queryset(self, _request: HttpRequest, notices: QuerySet[Notice]) -> QuerySet[Notice]:
        if self.value() not in {"yes", "no"}:
            return notices
        return notices.filter(next_at__isnull=self.value() == "no")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["file", "of", "what", "condition", "said", "noticed", "then"]
    list_display_links = ["file"]
    list_filter = [
        ("server", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("change", ChoicesDropdownFilter),
        ("library", RelatedDropdownFilter),
        OpenFilter,
    ]
    search_fields = ["shown"]
    search_help_text = "Search paths"
    list_select_related = ["server", "library"]
    ordering = ["-pk"]
    actions = ["tell_chosen_again"]
    list_disable_select_all = True
    fields = [
        "here", "at_server", "of", "library", "what", "condition", "outcome", "changes", "attempts",
        "looks", "made_at", "told_at", "next_at", "ended_at", "job",
    ]  # fmt: skip
    readonly_fields = fields
    empty_title = "Nothing was told yet"
    empty_text = "Notices appear here once files change that a media server is told of."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        notices: QuerySet[Notice] = super().get_queryset(request).defer("path", "key")
        return notices

    def has_tell_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mediaservers.tell")

    @column("file", ordering="shown")
    def file(self, notice: Notice) -> SafeString:
        folder, _, name = notice.shown.rpartition("/")
        return format_html(
            '<span class="mh-named"><b>{}</b><span class="mh-path">{}</span></span>', name, folder
        )

    @column("file here")
    def here(self, notice: Notice) -> str:
        return notice.shown

    @column("at the server")
    def at_server(self, notice: Notice) -> str:
        return notice.there

    @column("server", ordering="server__name")
    def of(self, notice: Notice) -> SafeString:
        return format_html('<span class="mh-change">{}</span>', notice.server)

    @column("file is", ordering="change")
    def what(self, notice: Notice) -> str:
        return str(notice.get_change_display())

    @column("state", labels=_STATES)
    def condition(self, notice: Notice) -> str:
        return str(notice.get_state_display())

    @column("outcome")
    def said(self, notice: Notice) -> SafeString:
        return format_html('<span class="mh-named">{}</span>', notice.outcome)

    @column("noticed", ordering="-pk")
    def noticed(self, notice: Notice) -> str:
        return say_ago(notice.changed_at, now=timezone.now())

    @column("next", ordering="next_at")
    def then(self, notice: Notice) -> str:
        return _when(notice, timezone.now())

    @column("job")
    def job(self, notice: Notice) -> SafeString | str:
        if notice.job_id is None:
            return ""
        url = change_url(Job, notice.job_id)
        return format_html('<a class="mh-link" href="{}">{}</a>', url, notice.job_id)

    @admin.action(description="Tell again", permissions=["tell"])
    def tell_chosen_again(self, request: HttpRequest, notices: QuerySet[Notice]) -> None:
        try:
            number = tell_again(notices.order_by(), now=timezone.now())
        except MediaHubError as error:
            messages.error(request, str(error))
            return
        if number:
            messages.success(request, f"{number:,} will be told again in a moment.")
        else:
            messages.info(request, "Nothing of this is over: it is told by itself.")


def _when(notice: Notice, now: datetime) -> str:
    if notice.next_at is None:
        return ""
    verb = "told" if notice.state == NoticeState.WAITING else "looked up"
    if notice.next_at <= now:
        return f"{verb} in a moment"
    return f"{verb} at {timezone.localtime(notice.next_at):%H:%M:%S}"

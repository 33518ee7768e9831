"""Candidates, as a list and one by one."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
    TextFilter,
)

from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import change_url, column
from apps.core.errors import MediaHubError
from apps.core.models import AuditEntry
from apps.core.units import say_ago
from apps.library.models import Video
from apps.stashbox.admin.asking import identify
from apps.stashbox.models import StashMatch
from apps.stashbox.pages.evidence import reasons_of
from apps.stashbox.pages.fields import rows_of
from apps.stashbox.pages.tagger import TaggerPage
from apps.stashbox.querysets import made_by
from apps.stashbox.services import review
from apps.stashbox.services.apply import plan
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.scene_pictures import picture_of


class StudioFilter(TextFilter):  # type: ignore[misc]
    """Candidates of a studio, by words of its name."""

    title = "studio"
    parameter_name = "studio"

    def queryset(self, _request: HttpRequest, matches: QuerySet[StashMatch]) -> Any:
        name = (self.value() or "").replace("\0", "").strip()
        return matches.filter(made_by(name)) if name else matches


@admin.register(StashMatch)
class StashMatchAdmin(ReadOnlyAdmin):
    pages = (TaggerPage,)
    list_display = ["of", "found", "origin", "strength", "condition", "why", "decided"]
    list_display_links = ["found"]
    list_filter = [
        ("box", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("score", RangeNumericFilter),
        StudioFilter,
    ]
    search_fields = ["video__title"]
    search_help_text = "Search titles of videos"
    list_select_related = ["video", "box", "decided_by"]
    ordering = ["-pk"]
    actions = ["accept_chosen", "reject_chosen", "reopen_chosen", "identify_again"]
    list_disable_select_all = True
    fields = [
        "of", "found", "origin", "remote_id", "strength", "condition", "why", "differences",
        "decided",
    ]  # fmt: skip
    readonly_fields = fields
    empty_title = "No candidates yet"
    empty_text = "Candidates appear here once videos are identified."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.picture)
        here = path("<int:pk>/picture/", view, name="stashbox_stashmatch_picture")
        return [here, *super().get_urls()]

    def picture(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the candidate's scene looks like, to those who may see videos."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        content = picture_of(get_object_or_404(StashMatch.objects.select_related("box"), pk=pk))
        if content is None:
            raise Http404
        return HttpResponse(
            content, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"}
        )

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("library.view_video")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("library.change_video")

    def has_identify_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("stashbox.identify")

    @column("video")
    def of(self, match: StashMatch) -> SafeString:
        url = change_url(Video, match.video_id)
        return format_html('<a class="mh-link" href="{}">{}</a>', url, match.video)

    @column("candidate")
    def found(self, match: StashMatch) -> SafeString:
        scene = match.payload
        said = [(scene.get("studio") or {}).get("name"), scene.get("date")]
        return format_html(
            '<span class="mh-named"><b>{}</b><span class="mh-path">{}</span></span>',
            scene.get("title") or match.remote_id, ", ".join(one for one in said if one),
        )  # fmt: skip

    @column("from")
    def origin(self, match: StashMatch) -> str:
        return f"{match.box or 'elsewhere'}, by {match.get_source_display()}"

    @column("score", ordering="score")
    def strength(self, match: StashMatch) -> str:
        return str(match.score)

    @column(
        "state",
        labels={
            "review": "warning", "applied": "success", "accepted": "success",
            "rejected": "danger", "passed": "default",
        },
    )  # fmt: skip
    def condition(self, match: StashMatch) -> tuple[str, str]:
        return match.state, match.get_state_display()

    @column("why")
    def why(self, match: StashMatch) -> SafeString:
        rows = ((reason.points, reason.text) for reason in reasons_of(match.evidence))
        return format_html_join("", "<div><b>{}</b> {}</div>", rows)

    @column("what acceptance would change")
    def differences(self, match: StashMatch) -> SafeString | str:
        try:
            changes = plan([match], settings=settings_of_all()).get(match.pk, [])
        except MediaHubError as error:
            return str(error)
        line = '<div class="mh-change"><b>{}</b> <del>{}</del> → <ins>{}</ins> {}</div>'
        rows = [
            (row.label, ", ".join(row.gone), ", ".join(text for text, _new in row.come), row.words)
            for row in rows_of(changes)
            if not row.is_unsaid
        ]
        return format_html_join("", line, rows)

    @column("decided")
    def decided(self, match: StashMatch) -> SafeString | str:
        if match.decided_at is None:
            return "-"
        ago = say_ago(match.decided_at, now=timezone.now())
        told = f"{ago} by {match.decided_by}" if match.decided_by else ago
        if not match.entry:
            return told
        return format_html(
            '<a class="mh-link" href="{}">{}</a>', change_url(AuditEntry, match.entry), told
        )

    @admin.action(description="Accept", permissions=["decide"])
    def accept_chosen(self, request: HttpRequest, queryset: QuerySet[StashMatch]) -> None:
        _decide(request, queryset, review.accept, "accepted")

    @admin.action(description="Reject for good", permissions=["decide"])
    def reject_chosen(self, request: HttpRequest, queryset: QuerySet[StashMatch]) -> None:
        _decide(request, queryset, review.reject, "rejected")

    @admin.action(description="Review again, and undo what was taken of it", permissions=["decide"])
    def reopen_chosen(self, request: HttpRequest, queryset: QuerySet[StashMatch]) -> None:
        _decide(request, queryset, lambda match: review.take_back([match]), "to be reviewed again")

    @admin.action(description="Identify these videos again", permissions=["identify"])
    def identify_again(self, request: HttpRequest, queryset: QuerySet[StashMatch]) -> None:
        identify(request, queryset.values_list("video", flat=True), again=True)


def _decide(
    request: HttpRequest,
    matches: QuerySet[StashMatch],
    deed: Callable[[StashMatch], Any],
    said: str,
) -> None:
    """The surest first; what is said against one keeps no other from it."""
    done = 0
    for match in matches.order_by("-score", "pk"):
        try:
            deed(match)
        except MediaHubError as error:
            messages.error(request, f"{match}: {error}")
        else:
            done += 1
    if done:
        messages.success(request, f"{done} candidate{'s' if done > 1 else ''} {said}.")

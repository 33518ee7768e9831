"""Stash-boxes, what they know of videos, and the buttons that ask them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
    TextFilter,
)

from apps.core.admin import AuditedAdmin, ReadOnlyAdmin
from apps.core.admin.base import BaseAdmin, change_url, column, list_url
from apps.core.errors import MediaHubError
from apps.core.forms import changed_values
from apps.core.models import AuditEntry
from apps.core.units import say_ago
from apps.library.admin.people import PerformerAdmin
from apps.library.admin.video import VideoAdmin
from apps.library.models import Video
from apps.stashbox.forms import BoxForm
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.pages.boxes import BoxTestPage, IdentifySettingsPage
from apps.stashbox.pages.evidence import reasons_of
from apps.stashbox.pages.fields import rows_of
from apps.stashbox.pages.giving import GivePage
from apps.stashbox.pages.performer import PerformerPage
from apps.stashbox.pages.tagger import TaggerPage
from apps.stashbox.querysets import made_by
from apps.stashbox.services import review
from apps.stashbox.services.apply import plan
from apps.stashbox.services.boxes import create_box, delete_box, edit_box, settings_of_all
from apps.stashbox.tasks import request_identify

_MOST_VIDEOS = 10_000


@admin.register(StashBox)
class StashBoxAdmin(AuditedAdmin):
    form = BoxForm
    pages = (BoxTestPage, GivePage, IdentifySettingsPage)
    list_display = [
        "name",
        "address",
        "keyed",
        "enabled",
        "may_submit",
        "pace",
        "position",
        "deeds",
    ]
    ordering = ["position", "pk"]
    fields = [
        "name", "url", "api_key", "forget_key", "requests_per_minute", ("enabled", "may_submit"),
        "allow_private", "position",
    ]  # fmt: skip
    empty_title = "No stash-boxes yet"
    empty_text = "A stash-box, such as StashDB, knows what videos are by their fingerprints."

    @column("address", ordering="url")
    def address(self, box: StashBox) -> SafeString:
        return format_html('<span class="mh-mono">{}</span>', box.url)

    @column("key", boolean=True)
    def keyed(self, box: StashBox) -> bool:
        return bool(box.sealed_key)

    @column("requests a minute", ordering="requests_per_minute")
    def pace(self, box: StashBox) -> str:
        return f"{box.requests_per_minute:,}"

    @column("")
    def deeds(self, box: StashBox) -> SafeString:
        link = '<a class="mh-link" href="{}">{}</a>'
        test = reverse("admin:stashbox_stashbox_test", args=[box.pk])
        found = list_url(StashMatch, box__id__exact=box.pk)
        return format_html_join(" ", link, [(test, "Test"), (found, "Candidates")])

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "giving"] if request.user.has_perm("stashbox.submit") else columns

    @column("")
    def giving(self, box: StashBox) -> SafeString | str:
        if not box.may_submit:
            return ""
        address = reverse("admin:stashbox_stashbox_give", args=[box.pk])
        return format_html('<a class="mh-link" href="{}">Give back</a>', address)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            create_box(obj, api_key=form.key or "")
            return
        stored = edit_box(
            StashBox.objects.get(pk=obj.pk), changed_values(form), api_key=form.key,
            expected_version=form.cleaned_data.get("version"),
        )  # fmt: skip
        obj.version, obj.sealed_key = stored.version, stored.sealed_key

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_box(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StashBox]) -> None:
        for box in queryset:
            delete_box(box)

    def consequence(self, _box: Any) -> str:
        return "its candidates and links go; what they changed stays"


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
    actions = ["accept_chosen", "reject_chosen", "identify_again"]
    list_disable_select_all = True
    fields = [
        "of", "found", "origin", "remote_id", "strength", "condition", "why", "differences",
        "decided",
    ]  # fmt: skip
    readonly_fields = fields
    empty_title = "No candidates yet"
    empty_text = "Candidates appear here once videos are identified."

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

    @admin.action(description="Identify these videos again", permissions=["identify"])
    def identify_again(self, request: HttpRequest, queryset: QuerySet[StashMatch]) -> None:
        _identify(request, queryset.values_list("video", flat=True), again=True)


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


@admin.action(description="Identify", permissions=["identify"])
def identify_chosen(_admin: VideoAdmin, request: HttpRequest, queryset: QuerySet[Video]) -> None:
    _identify(request, queryset.values_list("pk", flat=True), again=False)


def _identify(request: HttpRequest, videos: Any, *, again: bool) -> None:
    ids = sorted({*videos.order_by()[:_MOST_VIDEOS]})
    try:
        job = request_identify(ids=ids, again=again)
    except MediaHubError as error:
        messages.error(request, str(error))
        return
    number = f"{len(ids):,} video{'s are' if len(ids) > 1 else ' is'}"
    messages.success(request, f"{number} being identified (job {job.pk}).")


def _may_identify(_self: Any, request: HttpRequest) -> bool:
    return request.user.has_perm("stashbox.identify")


# The catalogue's admin knows nothing of stash-boxes: what concerns them is added from here.
VideoAdmin.has_identify_permission = _may_identify
VideoAdmin.actions = [*VideoAdmin.actions, identify_chosen]
_performers: type[BaseAdmin] = PerformerAdmin
_performers.pages = (*_performers.pages, PerformerPage)
PerformerAdmin.change_form_after_template = "admin/stashbox/performer_door.html"

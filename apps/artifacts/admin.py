"""What was made from videos, and the button that makes it again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.artifacts.pages import CoveragePage
from apps.artifacts.tasks import request_again
from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import column
from apps.core.units import say_bytes
from apps.library.admin.video import VideoAdmin
from apps.library.models import Video
from apps.library.pages.cards import picture_url

_SHOWN = ("thumb", "card", "sheet", "full")
_ICONS: dict[str, str] = {
    ArtifactKind.PREVIEW: "movie", ArtifactKind.PHASH: "fingerprint",
    ArtifactKind.HEATMAP: "area_chart", ArtifactKind.WAVEFORM: "graphic_eq",
    ArtifactKind.SUBTITLES: "subtitles", ArtifactKind.CHAPTERS: "format_list_numbered",
}  # fmt: skip


class ReasonFilter(admin.SimpleListFilter):
    """Chosen by links from elsewhere: the reason why artifacts could not be made."""

    title = "reason"
    parameter_name = "error"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        chosen = self.value()
        return [(chosen, chosen.replace("_", " "))] if chosen else [("undecodable", "undecodable")]

    def queryset(self, _request: HttpRequest, artifacts: QuerySet[Artifact]) -> QuerySet[Artifact]:
        return artifacts.filter(error=self.value()) if self.value() else artifacts


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    pages = (CoveragePage,)
    list_display = ["preview", "of", "kind", "condition", "size", "made_at"]
    list_display_links = ["of"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("video__library", RelatedDropdownFilter),
        ReasonFilter,
    ]
    search_fields = ["video__title"]
    search_help_text = "Search titles of videos"
    list_select_related = ["video"]
    sortable_by = ()
    ordering = ["-pk"]
    actions = ["make_again"]
    list_disable_select_all = True
    fields = ["picture", "video", "kind", "outcome", "pictures", "size", "made_at", "seconds"]
    empty_title = "Nothing was made yet"
    empty_text = "Artifacts are made by themselves after a scan."

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("artifacts.change_artifact")

    @column("")
    def preview(self, artifact: Artifact) -> SafeString:
        name = next((name for name in _SHOWN if name in artifact.files), "")
        if not name:
            icon = '<span class="mh-thumb mh-thumb-none material-symbols-outlined">{}</span>'
            return format_html(icon, _ICONS.get(artifact.kind, "broken_image"))
        picture = '<img class="mh-thumb" src="{}" alt="" width="96" height="54" loading="lazy">'
        return format_html(picture, picture_url(artifact, name))

    @column("video")
    def of(self, artifact: Artifact) -> str:
        return str(artifact.video)

    @column("state", labels={"made": "success", "none": "default", "failed": "danger"})
    def condition(self, artifact: Artifact) -> tuple[str, str]:
        return artifact.state, _condition(artifact)

    @column("state")
    def outcome(self, artifact: Artifact) -> str:
        return _condition(artifact)

    @column("size")
    def size(self, artifact: Artifact) -> str:
        return say_bytes(artifact.size_bytes) if artifact.size_bytes else "-"

    @column("content")
    def picture(self, artifact: Artifact) -> SafeString | str:
        if artifact.state != ArtifactState.MADE:
            return artifact.message
        if "clip" in artifact.files:
            clip = '<video class="mh-picture" src="{}" controls muted loop></video>'
            return format_html(clip, picture_url(artifact, "clip"))
        name = next((name for name in reversed(_SHOWN) if name in artifact.files), "")
        if name:
            return format_html(
                '<img class="mh-picture" src="{}" alt="">', picture_url(artifact, name)
            )
        return str(artifact.data.get("phash", "")) or "-"

    @column("files")
    def pictures(self, artifact: Artifact) -> SafeString:
        return format_html_join(
            ", ",
            '<a class="mh-link" href="{}">{}</a> {}',
            (
                (picture_url(artifact, name), name, say_bytes(one.get("bytes")))
                for name, one in artifact.files.items()
            ),
        )

    @column("took")
    def seconds(self, artifact: Artifact) -> str:
        return f"{artifact.ms / 1_000:.2f} s"

    @admin.action(description="Make again", permissions=["operate"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Artifact]) -> None:
        _request_again(request, queryset)


def _condition(artifact: Artifact) -> str:
    if not artifact.parameters:
        return "stale: it is made again"
    if artifact.state == ArtifactState.MADE:
        return "made"
    return artifact.error.replace("_", " ") or "failed"


@admin.action(description="Make artifacts again", permissions=["make"])
def make_all_again(_admin: VideoAdmin, request: HttpRequest, queryset: QuerySet[Video]) -> None:
    _request_again(request, Artifact.objects.filter(video__in=queryset.values("pk")))


def _may_make(_self: Any, request: HttpRequest) -> bool:
    return request.user.has_perm("artifacts.change_artifact")


def _request_again(request: HttpRequest, artifacts: QuerySet[Artifact]) -> None:
    number = artifacts.count()
    job = request_again(artifacts)
    if job is None:
        messages.info(request, "Nothing was made of these videos yet.")
    else:
        messages.success(request, f"{number:,} artifacts are being made again (job {job.pk}).")


# The catalogue's admin knows nothing of artifacts: what concerns them is added from here.
VideoAdmin.has_make_permission = _may_make
VideoAdmin.actions = [*VideoAdmin.actions, make_all_again]

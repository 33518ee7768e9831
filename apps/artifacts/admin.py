"""What was made from videos, and the button that makes it again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.artifacts.choices import ArtifactKind, ArtifactState
from apps.artifacts.models import Artifact
from apps.artifacts.tasks import request_covers
from apps.core.admin import ReadOnlyAdmin
from apps.core.admin.base import column
from apps.core.units import say_bytes
from apps.library.admin.video import VideoAdmin
from apps.library.models import Video
from apps.library.pages.cards import picture_url


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    list_display = ["preview", "of", "kind", "condition", "size", "made_at"]
    list_display_links = ["of"]
    list_filter = [("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter)]
    search_fields = ["video__title"]
    search_help_text = "Search titles of videos"
    list_select_related = ["video"]
    sortable_by = ()
    ordering = ["-pk"]
    actions = ["make_again"]
    list_disable_select_all = True
    fields = ["picture", "video", "kind", "outcome", "pictures", "size", "made_at", "seconds"]
    empty_title = "Nothing was made yet"
    empty_text = "Covers are made by themselves after a scan."

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("artifacts.change_artifact")

    @column("")
    def preview(self, artifact: Artifact) -> SafeString:
        if artifact.state != ArtifactState.MADE:
            icon = '<span class="mh-thumb mh-thumb-none material-symbols-outlined">{}</span>'
            return format_html(icon, "broken_image")
        picture = '<img class="mh-thumb" src="{}" alt="" width="96" height="54" loading="lazy">'
        return format_html(picture, picture_url(artifact, "card"))

    @column("video")
    def of(self, artifact: Artifact) -> str:
        return str(artifact.video)

    @column("state", labels={"made": "success", "failed": "danger"})
    def condition(self, artifact: Artifact) -> tuple[str, str]:
        return artifact.state, _condition(artifact)

    @column("state")
    def outcome(self, artifact: Artifact) -> str:
        return _condition(artifact)

    @column("size")
    def size(self, artifact: Artifact) -> str:
        return say_bytes(artifact.size_bytes) if artifact.size_bytes else "-"

    @column("picture")
    def picture(self, artifact: Artifact) -> SafeString | str:
        if artifact.state != ArtifactState.MADE:
            return artifact.message
        return format_html(
            '<img class="mh-picture" src="{}" alt="">', picture_url(artifact, "full")
        )

    @column("sizes")
    def pictures(self, artifact: Artifact) -> str:
        return ", ".join(
            f"{name} {one.get('width')} x {one.get('height')} ({say_bytes(one.get('bytes'))})"
            for name, one in artifact.files.items()
        )

    @column("took")
    def seconds(self, artifact: Artifact) -> str:
        return f"{artifact.ms / 1_000:.2f} s"

    @admin.action(description="Make again", permissions=["operate"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Artifact]) -> None:
        _forget_and_request(request, queryset)


def _condition(artifact: Artifact) -> str:
    if artifact.state == ArtifactState.MADE:
        return "made"
    return artifact.error.replace("_", " ") or "failed"


@admin.action(description="Make covers again", permissions=["cover"])
def make_covers_again(_admin: VideoAdmin, request: HttpRequest, queryset: QuerySet[Video]) -> None:
    covers = Artifact.objects.filter(kind=ArtifactKind.COVER, video__in=queryset.values("pk"))
    _forget_and_request(request, covers)


def _may_cover(_self: Any, request: HttpRequest) -> bool:
    return request.user.has_perm("artifacts.change_artifact")


def _forget_and_request(request: HttpRequest, artifacts: QuerySet[Artifact]) -> None:
    """Artifacts that are gone count as lacking, which the job that makes covers looks for."""
    number, _ = artifacts.delete()
    job = request_covers()
    messages.success(request, f"{number} covers are being made again (job {job.pk}).")


# The catalogue's admin knows nothing of artifacts: what concerns them is added from here.
VideoAdmin.has_cover_permission = _may_cover
VideoAdmin.actions = [*VideoAdmin.actions, make_covers_again]

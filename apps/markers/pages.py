"""Pages of a video: its markers as files, and cutting it into pieces."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_timecode
from apps.library.models import Video
from apps.markers.forms import ImportForm, SplitForm
from apps.markers.services.formats import FORMATS, read_markers
from apps.markers.services.split_plan import SplitPlan, marker_times, plan_split
from apps.markers.services.transfer import Mode, import_markers
from apps.markers.tasks import request_copy, request_split

_REPLACING = ("library.change_marker", "library.delete_marker")


class VideoPage(AdminPage):
    """A page about the video whose id is in the address."""

    @property
    def video(self) -> Video:
        videos = Video.objects.select_related("library")
        video: Video = get_object_or_404(videos, pk=self.kwargs["pk"])
        return video

    def need(self, *permissions: str) -> None:
        """Raises PermissionDenied."""
        if not self.request.user.has_perms(permissions):
            raise PermissionDenied


class MarkersPage(VideoPage):
    """Exports, the import, and the copy with chapters."""

    title = "Markers as files"
    name = "markers_files"
    route = "<int:pk>/markers/"
    permission_required = "library.view_marker"
    template_name = "admin/markers/files.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        video = self.video
        try:
            if "chapters" in request.POST:
                self.need("library.change_video")
                job = request_copy(video)
                messages.success(request, f"A copy with chapters is being made (job {job.pk}).")
            else:
                self._import(request, video)
        except MediaHubError as error:
            messages.error(request, str(error))
        return redirect("admin:markers_files", pk)

    def _import(self, request: HttpRequest, video: Video) -> None:
        """Raises MarkersRefused."""
        self.need("library.add_marker")
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            messages.error(request, " ".join(str(e) for some in form.errors.values() for e in some))
            return
        mode = Mode(form.cleaned_data["mode"])
        if mode == Mode.REPLACE:
            self.need(*_REPLACING)
        told = import_markers(
            video, read_markers(form.cleaned_data["file"].read()), mode=mode,
            may_make_tags=request.user.has_perm("library.add_tag"),
        )  # fmt: skip
        messages.success(
            request,
            f"{told.added} markers added, {told.changed} changed, {told.removed} removed, "
            f"{told.same} were there already.",
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        video = self.video
        exports = [
            (one.title, reverse(f"v1:video-{one.file_name.replace('.', '-')}", args=[video.pk]))
            for one in FORMATS.values()
        ]
        return super().get_context_data(
            title=f"Markers of {video}", video=video, exports=exports, form=ImportForm(),
            count=video.markers.count(), **kwargs,
        )  # fmt: skip


class SplitPage(VideoPage):
    """Where a video would be cut, and the button that cuts it: ``?at=&markers=&exact=``."""

    title = "Split"
    name = "markers_split"
    route = "<int:pk>/split/"
    permission_required = "library.change_video"
    template_name = "admin/markers/split.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = SplitForm(request.POST)
        if not form.is_valid():
            messages.error(request, "These times can't be used.")
            return redirect("admin:markers_split", pk)
        asked = form.cleaned_data
        if asked["remove_source"]:
            self.need("library.delete_video")
        video = self.video
        try:
            job = request_split(
                video, _times(video, asked), exact=asked["exact"],
                remove_source=asked["remove_source"],
            )  # fmt: skip
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect("admin:markers_split", pk)
        messages.success(request, f"The pieces are being cut (job {job.pk}).")
        return redirect("admin:library_video_change", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        video = self.video
        asks = bool(self.request.GET)
        form = SplitForm(self.request.GET if asks else None)
        plan, refusal = None, ""
        if asks and form.is_valid():
            try:
                plan = plan_split(
                    video, _times(video, form.cleaned_data), exact=form.cleaned_data["exact"]
                )
            except MediaHubError as error:
                refusal = str(error)
        return super().get_context_data(
            title=f"Split {video}", video=video, form=form, plan=plan, refusal=refusal,
            rows=_rows(plan) if plan else [], **kwargs,
        )  # fmt: skip


def _times(video: Video, asked: dict[str, Any]) -> list[int]:
    of_markers = marker_times(video.markers.all()) if asked["markers"] else []
    return [*asked["at"], *of_markers]


def _rows(plan: SplitPlan) -> list[tuple[str, str, str, str]]:
    """Of each piece its name, its beginning, what was asked if that is another, and its end."""
    return [
        (
            piece.name,
            say_timecode(piece.start_ms),
            say_timecode(piece.asked_ms) if piece.asked_ms != piece.start_ms else "",
            say_timecode(piece.end_ms),
        )
        for piece in plan.pieces
    ]

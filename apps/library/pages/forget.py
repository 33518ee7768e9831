"""Forgetting missing files: the list of what would go, and the button."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_bytes
from apps.library.forms.deeds import ForgetForm
from apps.library.models import File, Library
from apps.library.services.forget import (
    Choice,
    Line,
    Losses,
    check_forgettable,
    foresee,
    listed,
    path_below,
)
from apps.library.tasks import request_forget

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Part:
    """What would go of one library; or ``refusal``, why nothing can."""

    library: Library
    refusal: str = ""
    numbers: list[tuple[str, str]] | None = None
    lines: list[tuple[Line, str, str]] | None = None
    more_after: int | None = None
    files: int = 0
    videos: int = 0


class ForgetPage(AdminPage):
    """``?library=ID`` with ``days`` and ``path``, or ``?file=ID&file=ID``."""

    title = "Forget missing files"
    name = "library_library_forget"
    route = "forget/"
    permission_required = "library.delete_video"
    template_name = "admin/library/forget.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ForgetForm(request.POST)
        try:
            jobs = [request_forget(choice) for choice in _choices(form, now=timezone.now())]
        except MediaHubError as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        if not jobs:
            messages.error(request, "Nothing was chosen, so nothing is forgotten.")
            return redirect("admin:library_library_changelist")
        messages.success(request, f"What was listed is being forgotten (job {jobs[0].pk}).")
        return redirect("admin:library_library_overview", jobs[0].target_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        form = ForgetForm(self.request.GET)
        after = self.request.GET.get("after", "")
        start = int(after) if after.isdecimal() and len(after) < 19 else 0
        try:
            parts = [_part(choice, after=start) for choice in _choices(form, now=now)]
        except MediaHubError as error:
            form.add_error("path", str(error))
            parts = []
        query = self.request.GET.copy()
        query.pop("after", None)
        return super().get_context_data(
            form=form, parts=parts, until=now.isoformat(), query=query.urlencode(),
            files=sum(part.files for part in parts), videos=sum(part.videos for part in parts),
            **kwargs,
        )  # fmt: skip


def _choices(form: ForgetForm, *, now: datetime) -> list[Choice]:
    """One for each library. Raises PathRefused."""
    if not form.is_valid():
        return []
    asked = form.cleaned_data
    until = min(now, asked["until"] or now)
    if library := asked["library"]:
        path = path_below(library, asked["path"]) if asked["path"] else b""
        return [Choice(library, until=until - timedelta(days=asked["days"] or 0), path=path)]
    files: Iterable[File] = sorted(asked["file"], key=lambda file: file.library_id)
    return [
        Choice(library, until=until, file_ids=[file.pk for file in some])
        for library, some in groupby(files, key=lambda file: file.library)
    ]


def _part(choice: Choice, *, after: int) -> Part:
    try:
        check_forgettable(choice.library)
    except MediaHubError as error:
        return Part(choice.library, refusal=str(error))
    losses = foresee(choice)
    found = listed(choice, after=after, limit=_PAGE + 1)
    lines = found[:_PAGE]
    return Part(
        choice.library,
        numbers=[(f"{number:,}", name) for number, name in _counted(losses) if number],
        lines=[(line, say_bytes(line.file.size_bytes), _told_losses(line)) for line in lines],
        more_after=lines[-1].file.pk if len(found) > _PAGE else None,
        files=losses.files,
        videos=losses.videos,
    )  # fmt: skip


def _counted(losses: Losses) -> list[tuple[int, str]]:
    return [
        (losses.files, "files"), (losses.videos, "videos without another file"),
        (losses.rated, "of them rated"), (losses.tagged, "with tags"),
        (losses.with_performers, "with performers"), (losses.with_markers, "with markers"),
        (losses.played, "played"),
    ]  # fmt: skip


def _told_losses(line: Line) -> str:
    """What people wrote on a video that would go."""
    if line.file.video_id is None:
        return "it is no video"
    if line.video is None:
        return "the video stays: it has another file"
    video: Any = line.video
    counted = (
        (video.tags_lost, "tag"), (video.performers_lost, "performer"),
        (video.markers_lost, "marker"), (video.plays_lost, "play"),
    )  # fmt: skip
    told = [f"{number:,} {name}{'s' if number > 1 else ''}" for number, name in counted if number]
    told = [*([f"rated {video.rating}"] if video.rating else []), *told]
    return (
        ", ".join([*(["favorite"] if video.favorite else []), *told]) or "nothing was written on it"
    )

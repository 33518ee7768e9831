"""Before faces are wiped: what goes, in numbers, and that it can't be undone."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.core.counting import count_rows
from apps.core.pages import AdminPage
from apps.faces.models import Appearance, Identity, Rejection, Shot, Track
from apps.faces.pages.asked import number_in
from apps.faces.tasks.finding import request_wipe, request_wipe_person
from apps.library.models import Library


class WipePersonPage(AdminPage):
    """Of one person: wiped by a job, at once or never to be found again."""

    title = "Wipe a face"
    name = "faces_wipe"
    route = "<int:pk>/wipe/"
    permission_required = "faces.wipe"
    template_name = "admin/faces/wipe.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        identity = _identity(self.kwargs["pk"])
        told = {
            "identity": identity, "what": f"the face of {identity}",
            "goes": _goes_of(identity), "back": reverse("admin:faces_identity", args=[identity.pk]),
        }  # fmt: skip
        return super().get_context_data(**told, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        identity, never = _identity(pk), request.POST.get("never_again") == "1"
        job = request_wipe_person(identity, never_again=never)
        messages.success(request, f"{identity} is being wiped (job {job.pk}).")
        return redirect("admin:faces_lab")


class WipeAllPage(AdminPage):
    """Of all, or with ``?library=`` of one library."""

    title = "Wipe faces"
    name = "faces_wipe_all"
    route = "wipe/"
    permission_required = "faces.wipe"
    template_name = "admin/faces/wipe.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        library = _library(self.request.GET.get("library", ""))
        told = {
            "what": f"all faces in {library}" if library else "all faces",
            "goes": _goes_of_all(library), "back": reverse("admin:faces_settings"),
        }  # fmt: skip
        return super().get_context_data(**told, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        job = request_wipe(_library(request.GET.get("library", "")))
        messages.success(request, f"Faces are being wiped (job {job.pk}).")
        return redirect("admin:faces_settings")


def _identity(pk: int) -> Identity:
    rows = Identity.objects.select_related("performer")
    found: Identity = get_object_or_404(rows, pk=pk)
    return found


def _library(text: str) -> Library | None:
    if not text:
        return None
    found: Library = get_object_or_404(Library, pk=number_in(text))
    return found


def _said(number: int | str, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}" if isinstance(number, int) else (
        f"{number} {many}"
    )  # fmt: skip


def _goes_of(identity: Identity) -> list[str]:
    told = Track.objects.filter(identity=identity).aggregate(
        faces=Count("pk"), videos=Count("video", distinct=True),
        confirmed=Count("pk", filter=Q(verdict="confirmed")),
    )  # fmt: skip
    shots = Shot.objects.filter(track__identity=identity).count()
    put = Appearance.objects.filter(performer=identity.performer_id, linked=True, confirmed=False)
    judged = f"{told['confirmed']:,} of them confirmed by you"
    faces, videos = _said(told["faces"], "face", "faces"), _said(told["videos"], "video", "videos")
    found = [
        f"{faces} in {videos}, {judged}",
        _said(shots, "picture", "pictures") + " and what they are compared by",
        _said(Rejection.objects.filter(identity=identity).count(), "rejection", "rejections"),
    ]
    if identity.performer_id and (number := put.count()):
        where = _said(number, "video", "videos")
        found.append(f"{identity} on {where} where only the machine said so")
    return found


def _goes_of_all(library: Library | None) -> list[str]:
    tracks, shots = Track.objects.all(), Shot.objects.all()
    if library is not None:
        tracks = tracks.filter(video__library=library)
        shots = shots.filter(track__video__library=library)
    people = "people without a face elsewhere" if library else (
        f"{_said(str(count_rows(Identity.objects.standing(), planned=True)), '', 'people')}, named "
        "or not"
    )  # fmt: skip
    return [
        _said(str(count_rows(tracks, planned=True)), "", "faces")
        + ", with all that you have said of them",
        _said(str(count_rows(shots, planned=True)), "", "pictures")
        + " and what they are compared by",
        people,
        "performers on videos where only the machine said so",
    ]

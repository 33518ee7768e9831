"""What the tagger's buttons do: each form is one call of a service."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.core.errors import MediaHubError
from apps.library.models import Performer, Video
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.pages.queue import Filters, number_in
from apps.stashbox.services import review
from apps.stashbox.services.apply import FIELDS
from apps.stashbox.services.identify import boxes_to_ask
from apps.stashbox.tasks import request_accept, request_identify

_MOST_TEXT = 1_000


class WrongForm(MediaHubError):
    """The form lacks something, or names what isn't there; nothing was done."""

    code = "wrong_form"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``back`` are the candidates whose decision an undo takes back, ``stays``
    says that the video is still to be decided, ``candidate`` the one to choose now, ``href`` where
    more is to be seen."""

    said: str
    bad: bool = False
    stays: bool = True
    candidate: int = 0
    back: list[int] = field(default_factory=list)
    href: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _match(request: HttpRequest) -> StashMatch:
    rows = StashMatch.objects.select_related("video", "box")
    found: StashMatch = get_object_or_404(rows, pk=number_in(request.POST.get("match", "")))
    return found


def _video(request: HttpRequest) -> Video:
    found: Video = get_object_or_404(Video, pk=number_in(request.POST.get("video", "")))
    return found


def _accept(request: HttpRequest, _filters: Filters) -> Done:
    """Whole, by the policies, if the fields are as they were offered; else just those ticked."""
    match, ticked = _match(request), request.POST.getlist("field")
    whole = set(ticked) == set(request.POST.getlist("offered"))
    if not (whole or ticked):
        raise WrongForm("Tick a field at least, or reject the candidate.")
    if not set(ticked) <= set(FIELDS):
        raise WrongForm("There is no such field.")
    review.accept(match, fields=None if whole else ticked, decides=True)
    return Done(f"Accepted for “{match.video}”.", stays=False, back=[match.pk])


def _reject(request: HttpRequest, filters: Filters) -> Done:
    match = _match(request)
    review.reject(match)
    left = StashMatch.objects.filter(video=match.video_id, state=filters.state).exists()
    return Done(f"Rejected for “{match.video}”.", stays=left, back=[match.pk])


def _skip(request: HttpRequest, _filters: Filters) -> Done:
    video = _video(request)
    skipped = review.skip(video)
    if not skipped:
        raise WrongForm("Nothing waits of this video: go on to the next one.")
    return Done(f"Skipped “{video}”.", stays=False, back=[match.pk for match in skipped])


def _reopen(request: HttpRequest, filters: Filters) -> Done:
    """One candidate, or all of a video that were rejected or passed over."""
    if "match" in request.POST:
        opened = [_match(request)]
        review.take_back(opened)
    else:
        opened = review.open_again(_video(request))
    if not opened:
        raise WrongForm("Nothing of this video was rejected or passed over.")
    video = opened[0].video
    left = StashMatch.objects.filter(video=video, state=filters.state).exists()
    said = f"“{video}” is to be reviewed again."
    return Done(said, stays=left, candidate=opened[0].pk)


def _search(request: HttpRequest, _filters: Filters) -> Done:
    video, text = _video(request), request.POST.get("text", "").strip()[:_MOST_TEXT]
    if not text:
        raise WrongForm("Type words to search for, or paste an address or an id.")
    if review.is_reference(text):
        match = review.paste(video, text)
        return Done(f"Found “{match.payload.get('title') or match.remote_id}”.", candidate=match.pk)
    box = _box(request)
    found = review.search(video, box, text)
    if not found:
        return Done(f"{box} knows nothing by these words.")
    return Done(f"{len(found)} found at {box}.", candidate=found[0].pk)


def _box(request: HttpRequest) -> StashBox:
    pk = number_in(request.POST.get("box", ""))
    boxes = {box.pk: box for box in boxes_to_ask()}
    if pk not in boxes:
        raise WrongForm("Choose the stash-box that is to be asked.")
    return boxes[pk]


def _identify(request: HttpRequest, _filters: Filters) -> Done:
    """Of all videos, those about which the boxes weren't asked yet."""
    if not request.user.has_perm("stashbox.identify"):
        raise PermissionDenied
    job = request_identify()
    return Done(
        f"Videos are being identified (job {job.pk}).",
        href=reverse("admin:jobs_job_change", args=[job.pk]),
    )


def _link(request: HttpRequest, _filters: Filters) -> Done:
    match, remote = _match(request), request.POST.get("remote", "")
    creates = request.POST.get("how") == "create"
    if not request.user.has_perm(f"library.{'add' if creates else 'change'}_performer"):
        raise PermissionDenied
    performer = review.link_performer(
        match, remote, performer=None if creates else _performer(request)
    )
    return Done(f"That is {performer}.", candidate=match.pk)


def _performer(request: HttpRequest) -> Performer:
    pk = number_in(request.POST.get("performer", ""))
    found: Performer | None = Performer.objects.filter(pk=pk).first()
    if found is None:
        raise WrongForm("Choose who that is here, or create a performer.")
    return found


def _undo(request: HttpRequest, _filters: Filters) -> Done:
    ids = [number_in(text) for text in request.POST.getlist("match")]
    matches = list(StashMatch.objects.filter(pk__in=ids).select_related("video", "box"))
    if not matches:
        raise WrongForm("There is nothing to undo.")
    review.take_back(matches)
    return Done(f"Undone: “{matches[0].video}” is to be reviewed again.", candidate=matches[0].pk)


def _bulk(request: HttpRequest, filters: Filters) -> Done:
    score = number_in(request.POST.get("from_score", ""))
    if not 1 <= score <= 100:
        raise WrongForm("Give a score from 1 to 100.")
    job = request_accept(filters.matches(), from_score=score)
    return Done(
        f"They are being accepted (job {job.pk}).",
        href=reverse("admin:jobs_job_change", args=[job.pk]),
    )


DEEDS: Mapping[str, Callable[[HttpRequest, Filters], Done]] = {
    "accept": _accept, "reject": _reject, "skip": _skip, "search": _search, "link": _link,
    "undo": _undo, "reopen": _reopen, "bulk": _bulk, "identify": _identify,
}  # fmt: skip

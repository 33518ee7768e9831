"""What would be given to a stash-box, what was, and what it said against that."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_duration
from apps.library.models import Video
from apps.stashbox.client import MOST_PRINTS
from apps.stashbox.models import StashBox, StashMatch, Submission
from apps.stashbox.pages.candidates import address_at
from apps.stashbox.services.submit import PrintGift, check_may_give, foresee
from apps.stashbox.tasks import chosen, request_submit

_SHOWN = 50
_MOST_COUNTED = 10_000
_LONGEST_QUERY = 10_000


@dataclass(frozen=True, slots=True)
class GiftRow:
    """A fingerprint that would be sent; ``href`` is where its scene can be looked at."""

    video: Video | None
    algorithm: str
    hash: str
    duration: str
    scene: str
    href: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a dry run tells: numbers in words, and the first rows."""

    numbers: list[tuple[str, str]] = field(default_factory=list)
    rows: list[GiftRow] = field(default_factory=list)


class GivePage(AdminPage):
    """``?look=1`` is the dry run, ``q`` says of which videos: it goes through all their sure
    matches, so that it has to be asked for. The button starts the job."""

    title = "Give back"
    name = "stashbox_stashbox_give"
    route = "<int:pk>/give/"
    permission_required = "stashbox.submit"
    template_name = "admin/stashbox/give.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            q = request.POST.get("q", "")[:_LONGEST_QUERY]
            job = request_submit(get_object_or_404(StashBox, pk=pk), q=q)
        except MediaHubError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Fingerprints are being given back (job {job.pk}).")
        return redirect(f"admin:{self.name}", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        box = get_object_or_404(StashBox, pk=self.kwargs["pk"])
        q = self.request.GET.get("q", "").strip()[:_LONGEST_QUERY]
        told: dict[str, Any] = {"box": box, "q": q, **_before(box)}
        try:
            check_may_give(box)
            if "look" in self.request.GET:
                told["foreseen"] = _foreseen(box, q)
        except MediaHubError as error:
            told["refusal" if not box.may_submit or not box.enabled else "wrong"] = str(error)
        return super().get_context_data(**told, **kwargs)


def _foreseen(box: StashBox, q: str) -> Foreseen:
    pending = foresee(box, videos=chosen(q=q) if q else None)
    gifts = list(islice(pending, _MOST_COUNTED + 1))
    more, gifts = len(gifts) > _MOST_COUNTED, gifts[:_MOST_COUNTED]
    if not gifts:
        return Foreseen()
    kinds = Counter(gift.algorithm.lower() for gift in gifts)
    numbers = [
        (len(gifts), "fingerprints"),
        *((number, kind) for kind, number in sorted(kinds.items())),
        (len({gift.video_id for gift in gifts}), "videos"),
        (-(-len(gifts) // MOST_PRINTS), "requests of up to 1,000"),
    ]
    return Foreseen(
        numbers=[(f"{number:,}{'+' if more else ''}", words) for number, words in numbers],
        rows=_rows(box, gifts[:_SHOWN]),
    )


def _rows(box: StashBox, gifts: Sequence[PrintGift]) -> list[GiftRow]:
    """Two statements for all of them."""
    videos = Video.objects.only("title").in_bulk({gift.video_id for gift in gifts})
    matches = StashMatch.objects.filter(box=box, remote_id__in={gift.scene_id for gift in gifts})
    titles = dict(matches.values_list("remote_id", "payload__title"))
    return [
        GiftRow(
            video=videos.get(gift.video_id),
            algorithm=gift.algorithm.lower(),
            hash=gift.hash,
            duration=say_duration(gift.duration_s * 1_000),
            scene=titles.get(gift.scene_id) or gift.scene_id,
            href=address_at(box, "scenes", gift.scene_id),
        )
        for gift in gifts
    ]


def _before(box: StashBox) -> dict[str, Any]:
    """How much was given and refused, and the newest of both."""
    given = Submission.objects.filter(box=box)
    rows = given.select_related("video", "performer").only(
        "kind", "remote_id", "algorithm", "hash", "duration_s", "sent_at", "error", "box_id",
        "video__title", "performer__name", "performer__disambiguation",
    )  # fmt: skip
    newest = rows.order_by("-sent_at", "-pk")
    counts = given.aggregate(sent=Count("pk"), refused=Count("pk", filter=~Q(error="")))
    return {
        "counts": counts,
        "refused": list(newest.exclude(error="")[:_SHOWN]) if counts["refused"] else [],
        "sent": list(newest.filter(error="")[:_SHOWN]),
    }

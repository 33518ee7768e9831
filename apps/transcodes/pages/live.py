"""The transcodes that a list shows, as they are now; and in a line, how all of them stand."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from apps.core.pages import AdminPage
from apps.core.units import say_bytes
from apps.jobs.choices import AT_WORK, JobState
from apps.jobs.pages import job_views
from apps.transcodes.models import Transcode
from apps.transcodes.pages.views import transcode_views

_MOST = 100


class TranscodesLive(AdminPage):
    """``?id=1&id=2``: their cells."""

    title = "Transcodes"
    name = "transcodes_live"
    route = "live/"
    permission_required = "transcodes.view_transcode"
    template_name = "admin/transcodes/_cells_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ids = [int(pk) for pk in self.request.GET.getlist("id")[:_MOST] if _is_id(pk)]
        rows = Transcode.objects.for_lists().filter(pk__in=ids).order_by("-pk")
        return {"transcodes": transcode_views(rows, now=timezone.now()), **kwargs}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the transcodes stand: ``why`` the next one waits, ``spared`` by those that are done."""

    running: int
    waiting: int
    why: str
    spared: str


def standing(request: HttpRequest) -> Standing | None:
    """None for those who may not see it, and while none is open."""
    if not request.user.has_perm("transcodes.view_transcode"):
        return None
    rows = Transcode.objects.open().order_by().values_list("job__state")
    states = dict(rows.annotate(number=Count("pk")))
    running = sum(states.get(state, 0) for state in AT_WORK)
    waiting = states.get(JobState.QUEUED, 0)
    if not running and not waiting:
        return None
    totals = Transcode.objects.totals()
    spared = totals["before"] - totals["after"]
    why = _why() if waiting and not running else ""
    return Standing(running, waiting, why, say_bytes(spared) if spared > 0 else "")


def _why() -> str:
    waiting = Transcode.objects.open().filter(job__state=JobState.QUEUED)
    first = waiting.select_related("job").order_by("pk").first()
    if first is None or first.job is None:
        return ""
    (view,) = job_views([first.job], now=timezone.now())
    return view.progress


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19

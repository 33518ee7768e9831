"""The tagger: videos beside what stash-boxes and others know of them, decided one by one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.stashbox.choices import MatchState
from apps.stashbox.pages.bulk import foreseen
from apps.stashbox.pages.candidates import Pane, read_pane
from apps.stashbox.pages.deeds import DEEDS, Done
from apps.stashbox.pages.queue import Filters, boxes, number_in, read_queue
from apps.stashbox.services.boxes import in_order
from apps.stashbox.tasks import identifying

_KEYS = (
    (("j", "↓"), "next video"),
    (("k", "↑"), "previous video"),
    (("1", "9"), "choose a candidate"),
    (("Enter",), "accept the chosen candidate"),
    (("x",), "reject it for good"),
    (("s",), "skip the video: pass over all that waits of it"),
    (("r",), "review again what was rejected or passed over"),
    (("f",), "to the fields; Space takes one off or on, Esc leaves them"),
    (("/",), "search, or paste an address or an id"),
    (("b",), "accept many at once"),
    (("z",), "undo what was decided last"),
    (("?",), "these keys"),
)


def keys_on(_user: Any, /) -> bool:
    """Whether a person wants keys of one letter; the player's app, which knows, says so."""
    return True


class TaggerPage(AdminPage):
    """``?box=&state=&score=&studio=`` filter the queue, ``cursor`` is a page of it, ``video`` the
    video that is shown and ``candidate`` the one that is chosen."""

    title = "Identify"
    name = "stashbox_tagger"
    route = "tagger/"
    permission_required = "library.view_video"
    template_name = "admin/stashbox/tagger.html"
    fragments = {
        "page": "admin/stashbox/_tagger_page.html",
        "queue": "admin/stashbox/_tagger_queue.html",
        "video": "admin/stashbox/_tagger_pane.html",
        "bulk": "admin/stashbox/_tagger_bulk.html",
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters = Filters.read(self.request.GET)
        part = self.request.GET.get("fragment", "")
        told: dict[str, Any] = {
            "filters": filters, "address": filters.address(),
            "may_change": self.request.user.has_perm("library.change_video"),
            "may_identify": self.request.user.has_perm("stashbox.identify"),
            "keys_on": keys_on(self.request.user),
        }  # fmt: skip
        if part == "bulk":
            told["foreseen"] = foreseen(filters, self.request.GET.get("from_score", ""))
        elif part == "video":
            told |= self._shown(filters, number_in(self.request.GET.get("video", "")))
        else:
            told |= self._queue(filters)
        return super().get_context_data(**told, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("library.change_video"):
            raise PermissionDenied
        perform = DEEDS.get(request.POST.get("deed", ""))
        if perform is None:
            raise Http404("No such deed.")
        try:
            done = perform(request, Filters.read(request.GET))
        except MediaHubError as error:
            done = Done(str(error), bad=True)
        if request.headers.get("X-Requested-With") == "fetch":
            return JsonResponse(done.as_json(), status=409 if done.bad else 200)
        (messages.error if done.bad else messages.success)(request, done.said)
        return redirect(self._onward(request, done))

    def _queue(self, filters: Filters) -> dict[str, Any]:
        asked = self.request.GET
        queue = read_queue(filters, asked.get("cursor", ""), counted="cursor" not in asked)
        if asked.get("fragment") == "queue":
            return {"queue": queue}
        wanted = number_in(asked.get("video", ""))
        first = queue.rows[0].card.pk if queue.rows else 0
        return {
            "queue": queue, "boxes": boxes(), "states": MatchState.choices, "keys": _KEYS,
            "running": identifying(),
            **self._shown(filters, wanted or first),
        }  # fmt: skip

    def _shown(self, filters: Filters, video: int) -> dict[str, Any]:
        chosen = number_in(self.request.GET.get("candidate", ""))
        pane: Pane | None = None
        if video:
            pane = read_pane(video, state=filters.state, candidate=chosen)
        return {"pane": pane, "searched": in_order(), "gone": bool(video) and pane is None}

    def _onward(self, request: HttpRequest, done: Done) -> str:
        """Without a script: where the form was, or the next video once this one is decided."""
        more: dict[str, Any] = {"cursor": request.GET.get("cursor", "")}
        if done.stays:
            more |= {"video": request.GET.get("video", ""), "candidate": done.candidate}
        return request.path + Filters.read(request.GET).address(**more)

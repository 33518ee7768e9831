"""What one watched lately."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_duration
from apps.library.models import Video, Viewing
from apps.library.pages.cards import cards, with_card_facts
from apps.library.search import Asker, Question
from apps.playback.forms import HistoryForm
from apps.playback.pages.watch import watch_url
from apps.playback.services.history import forget_viewings

_SHOWN = 60


class HistoryPage(AdminPage):
    """The videos that one watched last, each with the place where one stopped.

    ``?q=&since=&until=`` narrow them down; ``?before=`` is a time from which the page goes back.
    """

    title = "Your history"
    name = "playback_history"
    route = "history/"
    permission_required = "library.view_video"
    template_name = "admin/playback/history.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        form = HistoryForm(self.request.GET)
        rows, error = self._found(form)
        viewings = {viewing.video_id: viewing for viewing in rows[:_SHOWN]}
        found = with_card_facts(Video.objects.filter(pk__in=list(viewings))).in_bulk()
        videos = [found[pk] for pk in viewings if pk in found]
        more = len(rows) > _SHOWN
        return super().get_context_data(
            form=form,
            error=error,
            is_narrowed=any(form[name].value() for name in ("q", "since", "until")),
            earlier=self._earlier(rows[_SHOWN - 1]) if more else "",
            is_later="before" in self.request.GET,
            watched=[
                {
                    "card": card,
                    "url": watch_url(video),
                    "when": say_ago(viewings[video.pk].last_played_at, now=now),
                    "stopped": say_duration(viewings[video.pk].position_ms) or "0:00",
                    "percent": _percent(viewings[video.pk], video),
                    "plays": viewings[video.pk].play_count,
                }
                for card, video in zip(cards(videos), videos, strict=True)
            ],
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget one video's entry, or all of one's own."""
        user: Any = request.user
        video = request.POST.get("forget", "")
        if video.isascii() and video.isdigit() and len(video) < 19:
            forgotten = forget_viewings(user, video_id=int(video))
        elif "forget_all" in request.POST:
            forgotten = forget_viewings(user)
        else:
            forgotten = 0
        told = f"{forgotten:,} entr{'y was' if forgotten == 1 else 'ies were'} forgotten."
        messages.success(request, told)
        return redirect(reverse("admin:playback_history", query=request.GET or None))

    def _found(self, form: HistoryForm) -> tuple[list[Viewing], str]:
        """A page and one more; what is wrong with the filters, if anything."""
        user: Any = self.request.user
        mine = Viewing.objects.filter(user_id=user.pk, last_played_at__isnull=False)
        if not form.is_valid():
            return [], " ".join(str(said) for some in form.errors.values() for said in some)
        try:
            narrowed = _narrowed(mine, form.cleaned_data, Asker.of(self.request.user))
        except MediaHubError as refused:
            return [], str(refused)
        return list(narrowed.order_by("-last_played_at", "-pk")[: _SHOWN + 1]), ""

    def _earlier(self, last: Viewing) -> str:
        parameters = self.request.GET.copy()
        assert last.last_played_at
        parameters["before"] = last.last_played_at.isoformat()
        return f"?{parameters.urlencode()}"


def _narrowed(
    viewings: "QuerySet[Viewing]", asked: dict[str, Any], asker: Asker
) -> "QuerySet[Viewing]":
    """Raises QueryError. Both days count whole."""
    if since := asked["since"]:
        viewings = viewings.filter(last_played_at__gte=_midnight(since))
    if until := asked["until"]:
        viewings = viewings.filter(last_played_at__lt=_midnight(until + timedelta(days=1)))
    if before := asked["before"]:
        viewings = viewings.filter(last_played_at__lt=before)
    if asked["q"].strip():
        viewings = viewings.filter(video__in=Question.read(asked["q"], asker=asker).videos())
    return viewings


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _percent(viewing: Viewing, video: Video) -> int:
    if not video.duration_ms:
        return 0
    return min(100, viewing.position_ms * 100 // video.duration_ms)

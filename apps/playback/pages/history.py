"""What one watched lately."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_duration
from apps.library.models import Video, Viewing
from apps.library.pages.cards import cards, with_card_facts
from apps.playback.pages.watch import watch_url

_SHOWN = 100


class HistoryPage(AdminPage):
    """The videos that one watched last, each with the place where one stopped."""

    title = "Your history"
    name = "playback_history"
    route = "history/"
    permission_required = "library.view_video"
    template_name = "admin/playback/history.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        user: Any = self.request.user
        mine = Viewing.objects.filter(user_id=user.pk, last_played_at__isnull=False)
        viewings = {v.video_id: v for v in mine.order_by(F("last_played_at").desc())[:_SHOWN]}
        found = with_card_facts(Video.objects.filter(pk__in=list(viewings))).in_bulk()
        videos = [found[pk] for pk in viewings if pk in found]
        return super().get_context_data(
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


def _percent(viewing: Viewing, video: Video) -> int:
    if not video.duration_ms:
        return 0
    return min(100, viewing.position_ms * 100 // video.duration_ms)

"""Identifying, in processes of its own that are killed at any moment: nothing is done twice."""

import random
import signal
import time
from collections import Counter

import pytest

from apps.core.models import AuditEntry
from apps.core.sealing import seal
from apps.stashbox.choices import MatchState
from apps.stashbox.models import Lookup, StashBox, StashMatch
from apps.stashbox.services.boxes import settings_of_all
from tests.factories import make_library, make_video
from tests.rigs import deeds
from tests.rigs.forked import Forked
from tests.stashbox.standin import KEY, StandIn, Trouble

VIDEOS, KILL_AT = 160, (2, 1)  # when it has asked so many times
KILLS = len(KILL_AT)
pytestmark = pytest.mark.django_db(transaction=True)


def identify(standin: StandIn, *, kill_at: int | None = None, later_s: float = 0) -> None:
    """In a new process, which is killed a moment after it has asked so many times."""
    seen = len(standin.requests)
    if kill_at is not None:  # it must not be done before it is killed: one answer never comes
        standin.trouble.extend([*[Trouble()] * kill_at, Trouble(delay_s=60)])
    identifying = Forked(deeds.identify)
    if kill_at is not None:
        deadline = time.monotonic() + 120
        while len(standin.requests) < seen + kill_at and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(later_s)
        identifying.kill()
    status = identifying.wait()
    standin.trouble.clear()
    assert status == (0 if kill_at is None else -signal.SIGKILL)


def test_what_was_killed_at_any_moment_asks_and_applies_nothing_twice(standin: StandIn) -> None:
    StashBox.objects.create(
        name="Stand-in", url=standin.url, sealed_key=seal(KEY), allow_private=True,
        requests_per_minute=600,
    )  # fmt: skip
    settings_of_all()
    library, oshashes = make_library(), {}
    for number in range(VIDEOS):
        video = make_video(library=library)
        assert video.primary_file
        oshashes[video.primary_file.oshash] = video.pk
        prints = [("OSHASH", video.primary_file.oshash, 60)]
        standin.data.add_scene(title=f"Scene {number}", duration=60, prints=prints)
    chance = random.Random(20_261_121)

    interrupted = 0
    for turn in range(KILLS + 1):
        kept = set(Lookup.objects.values_list("video", flat=True))
        seen = len(standin.requests)
        kill_at = None if turn == KILLS else KILL_AT[turn]
        identify(standin, kill_at=kill_at, later_s=0.4 * chance.random())
        asked = [
            oshashes[each["hash"]]
            for request in standin.requests[seen:]
            for prints in request.variables.get("prints", [])
            for each in prints
        ]
        assert not kept & set(asked)
        assert max(Counter(asked).values(), default=0) <= 1
        applied = StashMatch.objects.filter(state=MatchState.APPLIED)
        assert applied.count() == Lookup.objects.count() == _entries()
        interrupted += Lookup.objects.count() < VIDEOS

    assert interrupted == KILLS
    assert StashMatch.objects.count() == Lookup.objects.count() == _entries() == VIDEOS
    # of each kill, one answer at most came too late to be kept
    assert len(standin.requests) <= VIDEOS // 40 + KILLS


def _entries() -> int:
    """Videos that were applied to; each once."""
    entries = AuditEntry.objects.filter(object_type="library.video")
    assert entries.count() == entries.values("object_id").distinct().count()
    return entries.count()

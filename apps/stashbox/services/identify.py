"""Asking boxes about videos: first by fingerprints, 40 videos a request, then by words.

Boxes are asked in their order. A later one is asked about all videos, too, also about those that
an earlier one was certain of: so both know the video by their ids, and what the earlier one left
empty is filled. What the earlier one replaced stays.

An answer, that it was asked for, and what was applied of it are one transaction: wherever the work
is interrupted, nothing that was answered and kept is asked again, and nothing is applied twice.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.library.models import Video
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.client import BoxError, StashBoxClient
from apps.stashbox.matching import VideoFacts
from apps.stashbox.models import IdentifySettings, Lookup, StashBox, StashMatch
from apps.stashbox.schema import RemotePrint
from apps.stashbox.services.answers import Answered, Tally, take_in
from apps.stashbox.services.boxes import in_order, settings_of_all
from apps.stashbox.services.facts import digest_of, facts_of
from apps.stashbox.services.pace import NoTurn
from apps.stashbox.services.terms import term_of

AT_ONCE = 40  # videos a request: boxes refuse more
_PAGE = 200  # videos that are looked at together
_LIMIT = 10  # candidates of a search by words


class NoBox(MediaHubError):
    """There is no stash-box to ask."""

    code = "no_box"


@dataclass(slots=True)
class Found:
    """What came of it. A video counts once for each box that was asked about it.

    ``asked`` videos by fingerprints and ``searched`` by words, in ``requests`` altogether; of them
    ``applied``, to ``review``, and of which ``nothing`` was found. ``without`` have no fingerprint
    yet. ``failed`` says why a box was given up, by its name.
    """

    asked: int = 0
    searched: int = 0
    requests: int = 0
    applied: int = 0
    review: int = 0
    nothing: int = 0
    without: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    passing: bool = False  # whether a box that failed may answer soon

    def add(self, tally: Tally) -> None:
        self.applied += tally.applied
        self.review += tally.review
        self.nothing += tally.nothing


def boxes_to_ask(ids: Sequence[int] | None = None) -> list[StashBox]:
    """Those that are enabled, in their order; or some of them. Raises NoBox."""
    found = in_order(None if ids is None else list(ids))
    if not found:
        raise NoBox("No stash-box is enabled: add one, or enable it.")
    return found


def identify(
    videos: QuerySet[Video],
    *,
    boxes: Sequence[StashBox] | None = None,
    again: bool = False,
    since: datetime | None = None,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Found:
    """Ask the boxes, else all that are enabled, what they know of the videos.

    Only about what is new or has other fingerprints than when they were asked, unless ``again``:
    then about all but what was asked about ``since`` then, by work that this one goes on with.
    What is certain is applied, what is likely kept for review. A box that fails is given up, and
    the others are asked all the same. ``report`` counts videos, once for each box. Raises NoBox.
    """
    asked = boxes_to_ask() if boxes is None else boxes
    again_since = (since or timezone.now()) if again else None
    work = _Work(videos, settings_of_all(), again_since, report=report, guard=guard)
    count = videos.count()
    work.total = count * len(asked)
    for number, box in enumerate(asked):
        work.done = count * number
        work.try_box(box, work.by_prints)
    work.done = work.total
    if work.settings.search_text:
        for box in asked:
            if box.name not in work.found.failed:
                work.try_box(box, work.by_words)
    return work.found


class _Work:
    """One run, over all boxes."""

    def __init__(
        self,
        videos: QuerySet[Video],
        settings: IdentifySettings,
        again_since: datetime | None,
        *,
        report: Progress,
        guard: Guard,
    ) -> None:
        self.settings, self.found = settings, Found()
        self.done = self.total = 0
        self._videos, self._again_since = videos, again_since
        self._report, self._guard = report, guard
        self._began = timezone.now()

    def try_box(self, box: StashBox, deed: Callable[[StashBox, StashBoxClient], None]) -> None:
        """Do it, and note why if it fails."""
        try:
            with StashBoxClient(box) as client:
                deed(box, client)
        except (BoxError, NoTurn) as error:
            self.found.failed[box.name] = str(error)
            self.found.reasons[box.name] = getattr(error, "reason", error.code)
            self.found.passing |= error.passing

    def by_prints(self, box: StashBox, client: StashBoxClient) -> None:
        """Look up all that is to be asked, in full requests."""
        waiting: list[Answered] = []
        for page in pages(self._videos):
            waiting += self._to_ask(box, page)
            while len(waiting) >= AT_ONCE:
                self._look_up(client, waiting[:AT_ONCE])
                del waiting[:AT_ONCE]
            self.done += len(page)
            self._tell()
        if waiting:
            self._look_up(client, waiting)

    def by_words(self, box: StashBox, client: StashBoxClient) -> None:
        """Search what no fingerprint has found, one by one."""
        for page in pages(self._unknown(box)):
            for video, facts in facts_of(page).items():
                one = Answered(box, video, facts, Source.TEXT, self._began)
                if term := term_of(facts):
                    self.found.requests += 1
                    one.scenes = client.search_scenes(term, limit=_LIMIT)
                self.found.searched += bool(term)
                self._take_in([one])
                self._tell()

    def _to_ask(self, box: StashBox, page: Sequence[int]) -> Iterator[Answered]:
        """Those about which the box wasn't asked, or not by these fingerprints."""
        facts, seen_at = facts_of(page), timezone.now()
        rows = Lookup.objects.filter(box=box, video__in=page).exclude(asked="")
        if self._again_since:
            rows = rows.filter(asked_at__gte=self._again_since)
        known = dict(rows.values_list("video", "asked"))
        for video, each in facts.items():
            if not each.prints:
                self.found.without += 1
            elif known.get(video) != digest_of(each):
                yield Answered(box, video, each, Source.FINGERPRINT, seen_at)

    def _look_up(self, client: StashBoxClient, batch: Sequence[Answered]) -> None:
        """Ask and keep; what makes too large an answer is asked in halves."""
        self.found.requests += 1
        try:
            answers = client.find_scenes([_prints(each.facts) for each in batch])
        except BoxError as error:
            if error.reason != "too_large" or len(batch) == 1:
                raise
            half = len(batch) // 2
            self._look_up(client, batch[:half])
            self._look_up(client, batch[half:])
            return
        for place, (each, scenes) in enumerate(zip(batch, answers, strict=True)):
            each.scenes, each.error = scenes, client.errors.get(place, "")
        self.found.asked += len(batch)
        self._take_in(batch)
        self._tell()

    def _take_in(self, batch: Sequence[Answered]) -> None:
        with self._guard():
            tally = take_in(batch, self.settings)
        self.found.add(tally)

    def _unknown(self, box: StashBox) -> QuerySet[Video]:
        """Videos without a candidate by fingerprints, which the box wasn't searched for."""
        live = StashMatch.objects.filter(
            video=OuterRef("pk"),
            state__in=[MatchState.REVIEW, MatchState.APPLIED, MatchState.ACCEPTED],
        )
        searched = Lookup.objects.filter(video=OuterRef("pk"), box=box, searched_at__isnull=False)
        if self._again_since:
            live = live.exclude(source=Source.TEXT, state=MatchState.REVIEW)
            searched = searched.filter(searched_at__gte=self._again_since)
        unknown: QuerySet[Video] = self._videos.filter(~Exists(live), ~Exists(searched))
        return unknown

    def _tell(self) -> None:
        found = self.found
        self._report(
            self.done, self.total, requests=found.requests, applied=found.applied,
            review=found.review, nothing=found.nothing, searched=found.searched,
        )  # fmt: skip


def pages(videos: QuerySet[Video], size: int = _PAGE) -> Iterator[list[int]]:
    """The videos' ids, some at a time: what changes meanwhile neither shifts nor repeats them."""
    ids, last = videos.order_by("pk").values_list("pk", flat=True), 0
    while page := list(ids.filter(pk__gt=last)[:size]):
        yield page
        last = page[-1]


def _prints(facts: VideoFacts) -> list[RemotePrint]:
    """What is asked: each fingerprint once."""
    return list({RemotePrint(each.algorithm, each.hash): None for each in facts.prints})

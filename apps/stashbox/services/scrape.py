"""Candidates from other sources than boxes: the same rows and review, never applied unasked."""

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet

from apps.core import outgoing
from apps.core.audit import RowGone
from apps.core.outgoing import Fetched
from apps.core.progress import Guard, Progress, silent
from apps.disk.reader import Disk, DiskSilent
from apps.library.models import Video
from apps.library.services.storage import open_disk
from apps.stashbox import scrapers
from apps.stashbox.choices import MatchState, Source
from apps.stashbox.matching import Judgement, VideoFacts, judge
from apps.stashbox.models import StashMatch
from apps.stashbox.schema import AnswerRefused, RemoteScene, as_json, read_scene
from apps.stashbox.scrapers import Fetch, Read, Scraper, ScrapeRefused
from apps.stashbox.services.facts import facts_of
from apps.stashbox.services.keeping import Candidate, keep

_AT_ONCE = 40
_MOST_TOLD = 100
_MOST_CANDIDATES = 10
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP}
# what being named like the video, or being pointed out by a person, is worth beside what it says
_KNOWN = {
    Source.SIDECAR: ("It is said in a file beside the video.", 50),
    Source.PAGE: ("A person named the page.", 40),
}


@dataclass(slots=True)
class Scraped:
    """How many videos were looked at and how many candidates found; what was refused, in words,
    of the first hundred such videos."""

    videos: int = 0
    found: int = 0
    refused: int = 0
    told: list[str] = field(default_factory=list)


def fetch_page(url: str, *, types: Sequence[str] | None = None) -> Fetched:
    """The guarded way to a page; private networks are refused. Raises OutgoingError."""
    return outgoing.fetch(url, most_bytes=scrapers.MOST_BYTES, types=types)


def scrape_url(video: Video, url: str, *, fetch: Fetch = fetch_page) -> list[StashMatch]:
    """What an address says, as candidates of a video. Raises ScrapeRefused, OutgoingError."""
    scraper = scrapers.for_url(url)
    found = _sound(scraper.of_url(url, fetch=fetch))
    if not found:
        raise ScrapeRefused("Nothing is said there of a video.")
    facts = facts_of([video.pk]).get(video.pk)
    if facts is None:
        raise RowGone(f"{video} was deleted meanwhile.")
    return keep({video.pk: [_candidate(facts, scraper, scene) for scene in found]})


def scrape_files(
    videos: QuerySet[Video], *, report: Progress = silent, guard: Guard = nullcontext
) -> Scraped:
    """What stands in files beside videos, as candidates. Changes neither videos nor files.

    A file that can't be read, or a disk that is silent, keeps no other from being looked at.
    """
    outcome, last = Scraped(), 0
    present = videos.filter(missing_since__isnull=True, primary_file__isnull=False)
    rows = present.select_related("primary_file__library", "primary_file__folder").order_by("pk")
    total = present.count()
    with ExitStack() as open_disks:
        beside = _Beside(open_disks, waiting=lambda: report(outcome.videos, total))
        while batch := list(rows.filter(pk__gt=last)[:_AT_ONCE]):
            found = {video.pk: _beside(video, beside, outcome) for video in batch}
            _keep(found, guard)
            outcome.videos += len(batch)
            outcome.found += sum(map(len, found.values()))
            last = batch[-1].pk
            report(outcome.videos, total, found=outcome.found, refused=outcome.refused)
    return outcome


_Found = list[tuple[Scraper, RemoteScene]]


def _beside(video: Video, beside: "_Beside", outcome: Scraped) -> _Found:
    """What all scrapers find beside a video; what went wrong is told."""
    found: _Found = []
    assert video.primary_file is not None
    path = bytes(video.primary_file.folder.path) + b"/" + bytes(video.primary_file.name)
    for scraper in scrapers.all_scrapers():
        try:
            scenes = scraper.of_path(path.lstrip(b"/"), read=beside.of(video))
            found += [(scraper, scene) for scene in _sound(scenes)]
        except (ScrapeRefused, DiskSilent) as error:
            outcome.refused += 1
            if len(outcome.told) < _MOST_TOLD:
                outcome.told.append(f"{video.path}: {error}")
    return found


def _keep(found: Mapping[int, _Found], guard: Guard) -> None:
    wanted = {pk: some for pk, some in found.items() if some}
    if not wanted:
        return
    facts = facts_of(list(wanted))
    with guard():
        keep({
            pk: [_candidate(facts[pk], *one) for one in some]
            for pk, some in wanted.items()
            if pk in facts
        })  # fmt: skip


class _Beside:
    """Reads files in the folders of videos, each library's by a child of its own: one share that
    is silent is asked no more, and keeps no other from being asked."""

    def __init__(self, open_disks: ExitStack, *, waiting: Callable[[], None]) -> None:
        self._open_disks, self._waiting = open_disks, waiting
        self._disks: dict[int, Disk] = {}

    def of(self, video: Video) -> Read:
        """How a scraper reads what is beside a video."""
        file = video.primary_file
        assert file is not None
        folder = os.path.dirname(file.location)

        def read(names: Sequence[bytes]) -> Mapping[bytes, bytes]:
            return _read(self._disk(file.library_id), folder, names)

        return read

    def _disk(self, library_id: int) -> Disk:
        if library_id not in self._disks:
            disk = self._open_disks.enter_context(open_disk(waiting=self._waiting))
            self._disks[library_id] = disk
        return self._disks[library_id]


def _read(disk: Disk, folder: bytes, names: Sequence[bytes]) -> dict[bytes, bytes]:
    """Raises ScrapeRefused, DiskSilent."""
    if any(b"/" in name or b"\0" in name or name in {b"", b".", b".."} for name in names):
        raise ScrapeRefused("Only files in the video's own folder are read.")
    paths = [folder + b"/" + name for name in names]
    found: dict[bytes, bytes] = {}
    answers = list(disk.contents(paths, most_bytes=scrapers.MOST_BYTES))
    for name, content in zip(names, answers, strict=True):
        if isinstance(content, bytes):
            found[name] = content
        elif content not in _ABSENT:
            shown = name.decode("utf-8", "backslashreplace")
            raise ScrapeRefused(f"{shown} can't be read: {os.strerror(content)}.")
    return found


def _sound(scenes: Sequence[RemoteScene]) -> list[RemoteScene]:
    """What a scraper said, read as if it were hostile. Raises ScrapeRefused."""
    try:
        return [read_scene(as_json(scene)) for scene in scenes[:_MOST_CANDIDATES]]
    except AnswerRefused as error:
        raise ScrapeRefused("What was found has a shape that can't be used.") from error


def _candidate(facts: VideoFacts, scraper: Scraper, scene: RemoteScene) -> Candidate:
    """To be reviewed, whatever its score."""
    source = Source(scraper.source)
    judged = _with_reason(judge(facts, scene), *_KNOWN.get(source, ("", 0)))
    return None, source, scene, judged, MatchState.REVIEW


def _with_reason(judged: Judgement, text: str, points: int) -> Judgement:
    """The points of all reasons add up to the score."""
    score = min(judged.score + points, 100)
    reason = {"text": text, "points": score - judged.score}
    reasons = [*judged.evidence.get("reasons", []), *([reason] if text else [])]
    return replace(judged, score=score, evidence={**judged.evidence, "reasons": reasons})

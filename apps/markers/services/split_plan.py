"""Where a video would be cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import MediaHubError
from apps.ffmpeg.cutting.orders import ENCODERS, MUXERS, Cut, Plan, plan_from
from apps.library.models import File, Marker, Video
from apps.library.services.paths import shown
from apps.markers.services.sources import (
    check_free,
    cutting,
    extension_of,
    look_beside,
    named_beside,
    source_of,
)

MOST_CUTS = 500
_ENCODED_FACTOR = 1.5  # edges are encoded at a high quality


class NothingToSplit(MediaHubError):
    """No place to cut lies inside the video; nothing was written."""

    code = "nothing_to_split"


class CannotSplit(MediaHubError):
    """The container or codec can't be cut, or not in this way; nothing was written."""

    code = "cannot_split"


@dataclass(frozen=True, slots=True)
class PiecePlan:
    """A piece to be; ``start`` and ``end`` as ``cutting.orders.Piece`` takes them."""

    number: int
    start_ms: int
    end_ms: int
    asked_ms: int
    target: bytes
    start: int | None
    end: int | None

    @property
    def name(self) -> str:
        return shown(self.target.rpartition(b"/")[2])


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """What splitting would come to. ``notes`` are sentences for the user; ``left_out`` names what
    the pieces can't keep of the source."""

    file: File
    exact: bool
    muxer: str
    codec: str
    duration_ms: int
    pieces: list[PiecePlan]
    notes: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()

    @property
    def targets(self) -> list[bytes]:
        return [piece.target for piece in self.pieces]


def marker_times(markers: Iterable[Marker]) -> list[int]:
    """Where markers begin and where ranges end, in milliseconds."""
    times = set[int]()
    for marker in markers:
        times |= {marker.start_ms} | ({marker.end_ms} if marker.end_ms is not None else set())
    return sorted(times)


def plan_split(
    video: Video, times_ms: Sequence[int], *, exact: bool, is_begun: bool = False
) -> SplitPlan:
    """Look up the real places to cut: with ``exact`` the frames, else key frames at or before.

    ``is_begun``: pieces may be there already. Raises NothingToSplit, CannotSplit, NoFile, NoSpace,
    NameTaken, CutFailed.
    """
    file = source_of(video)
    muxer = MUXERS.get(extension_of(file))
    if muxer is None:
        raise CannotSplit(f"Files such as {file.path} can't be cut: {', '.join(MUXERS)} can.")
    wanted = sorted({t for t in times_ms if 0 < t < (video.duration_ms or 0)})
    if len(wanted) > MOST_CUTS:
        raise CannotSplit(f"At most {MOST_CUTS} cuts at once, not {len(wanted)}.")
    if not wanted:
        raise NothingToSplit("No place to cut lies inside the video.")
    found = plan_from(cutting("plan", path=file.location, times_ms=wanted))
    if exact and file.video_codec and found.codec not in ENCODERS:
        raise CannotSplit(f"{found.codec} can't be cut exactly here: cut at key frames instead.")
    cuts = _distinct(found, exact=exact)
    if not cuts:
        raise NothingToSplit("The key frames at or before these times are the video's beginning.")
    plan = SplitPlan(
        file, exact, muxer, found.codec, found.duration_ms,
        _pieces(file, found, cuts, exact=exact), _notes(found, wanted, cuts), found.left_out,
    )  # fmt: skip
    beside = look_beside(file, plan.targets)
    if not is_begun:
        needed = int(file.size_bytes * (_ENCODED_FACTOR if exact else 1.02))
        check_free(beside, plan.targets, needed=needed)
    return plan


def _distinct(found: Plan, *, exact: bool) -> list[Cut]:
    """Without those that fall on the beginning, or on one another."""
    kept: dict[int, Cut] = {}
    for cut in found.cuts:
        at = cut.frame if exact else cut.key
        if at > found.first:
            kept.setdefault(at, cut)
    return [kept[at] for at in sorted(kept)]


def _pieces(file: File, found: Plan, cuts: list[Cut], *, exact: bool) -> list[PiecePlan]:
    places: list[Any] = [(None, 0, 0)]
    places += [
        (c.frame, c.frame_ms, c.asked_ms) if exact else (c.key, c.key_ms, c.asked_ms) for c in cuts
    ]
    ends = [*places[1:], (None, found.duration_ms, found.duration_ms)]
    width = len(str(len(places)))
    return [
        PiecePlan(
            number, start_ms, end_ms, asked_ms,
            named_beside(file, f" (part {number:0{width}})"), start, end,
        )
        for number, ((start, start_ms, asked_ms), (end, end_ms, _)) in enumerate(
            zip(places, ends, strict=True), 1
        )
    ]  # fmt: skip


def _notes(found: Plan, wanted: list[int], cuts: list[Cut]) -> list[str]:
    notes = []
    if len(cuts) < len(wanted):
        left = len(wanted) - len(cuts)
        notes.append(f"{left} of the places fall on another or on the beginning and are left out.")
    if found.left_out:
        notes.append(f"The pieces can't keep {', '.join(found.left_out)}.")
    return notes

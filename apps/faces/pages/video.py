"""Who appears when in a video: one line a person, each bar leads to its second."""

from dataclasses import dataclass, field
from typing import Any

from django.shortcuts import get_object_or_404

from apps.core.units import say_duration
from apps.faces.choices import Verdict
from apps.faces.models import Appearance, Finding, Identity, Track
from apps.faces.pages.cards import Card, cards_of
from apps.faces.pages.identity import watch_url
from apps.faces.pages.lab import rights_of
from apps.faces.pages.posting import DeedPage
from apps.library.models import Video

_GAP_MS = 15_000  # what is further apart is another bar
_MOST_BARS = 400
_MOST_LINES = 100
_LEAST_PERCENT = 0.6


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch in which somebody is seen: where it stands, in percent of the video."""

    left: str
    width: str
    said: str
    href: str


@dataclass(slots=True)
class Line:
    """A person's line; ``appearance`` is the performer that was put on the video for it, and
    ``confirmed`` whether a person has said of a face here that it is theirs."""

    card: Card | None
    name: str
    tracks: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    appearance: Appearance | None = None
    confirmed: bool = False
    seen: str = ""


class VideoFacesPage(DeedPage):
    """Faces nobody belongs to stand in the last line; what is no face or ignored, in none."""

    title = "Faces in a video"
    name = "faces_video"
    route = "video/<int:pk>/"
    template_name = "admin/faces/video.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        video = get_object_or_404(Video, pk=self.kwargs["pk"])
        lines = read_lines(video)
        told = {
            "video": video, "lines": lines, "finding": Finding.objects.filter(video=video).first(),
            "length": say_duration(_length(video, lines)), **rights_of(self.request),
            "may_tag": self.request.user.has_perm("library.change_video"),
        }  # fmt: skip
        return super().get_context_data(**told, **kwargs)


def read_lines(video: Video) -> list[Line]:
    """Those seen longest first; four statements however many faces there are."""
    lines: dict[int, Line] = {}
    rows = Track.objects.filter(video=video).exclude(
        verdict__in=[Verdict.NOT_A_FACE, Verdict.IGNORED]
    )
    read = rows.values_list("pk", "identity", "times_ms", "verdict")
    for pk, identity, times, verdict in read.order_by("start_ms"):
        line = lines.setdefault(identity or 0, Line(None, "Nobody yet"))
        line.tracks.append(pk)
        line.confirmed |= verdict == Verdict.CONFIRMED
        line.spans.extend(spans_of(times))
    lines = dict(
        sorted(lines.items(), key=lambda one: (one[0] != 0, -_seen_ms(one[1])))[:_MOST_LINES]
    )
    cards = {card.pk: card for card in cards_of(Identity.objects.filter(pk__in=lines))}
    given = {row.performer_id: row for row in Appearance.objects.filter(video=video)}
    length = _length(video, list(lines.values()))
    for identity, line in lines.items():
        line.card = cards.get(identity)
        if line.card is not None:
            line.name = line.card.name
            line.appearance = given.get(line.card.performer)
        _draw(line, video.pk, length)
    return sorted(
        (line for line in lines.values() if line.card is None or not line.card.ignored),
        key=lambda line: (line.card is None, -_seen_ms(line), line.name),
    )


def _seen_ms(line: Line) -> int:
    return sum(end - start for start, end in line.spans)


def spans_of(times_ms: list[int]) -> list[tuple[int, int]]:
    """Stretches without a longer gap; ``times_ms`` rise."""
    found: list[tuple[int, int]] = []
    for at in times_ms:
        if found and at - found[-1][1] <= _GAP_MS:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _draw(line: Line, video: int, length: int) -> None:
    line.spans = _joined(line.spans)
    for start, end in line.spans[:_MOST_BARS]:
        width = max(_LEAST_PERCENT, 100 * (end - start) / length)
        left = min(100 * start / length, 100 - width)
        said = (
            say_duration(start) if start == end else f"{say_duration(start)} to {say_duration(end)}"
        )
        line.bars.append(Bar(f"{left:.2f}", f"{width:.2f}", said, watch_url(video, start)))
    line.seen = f"{len(line.spans)} time{'' if len(line.spans) == 1 else 's'}"


def _length(video: Video, lines: list[Line]) -> int:
    """The video's length, or that of what was seen of it, in ms; never nothing."""
    seen = [end for line in lines for _start, end in line.spans]
    return max([video.duration_ms or 0, 1, *seen])

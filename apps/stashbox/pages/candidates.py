"""A video and its candidates as the tagger shows them: evidence in words, fields old and new."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Lower
from django.urls import reverse

from apps.artifacts.models import Fingerprint
from apps.core.errors import MediaHubError
from apps.core.units import say_duration
from apps.library.models import File, Performer, Video
from apps.library.pages.cards import Card, cards, with_card_facts
from apps.stashbox.choices import CLOSED, TAKEN, Kind, MatchState, Source
from apps.stashbox.models import RemoteLink, StashBox, StashMatch
from apps.stashbox.pages.evidence import Reason, reasons_of
from apps.stashbox.pages.fields import FieldRow, rows_of
from apps.stashbox.schema import AnswerRefused, RemoteScene, read_scene
from apps.stashbox.services.apply import plan
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.scene_pictures import has_picture

_MOST = 30  # candidates shown of one video
_TONES = {
    MatchState.REVIEW: "warning", MatchState.APPLIED: "success", MatchState.ACCEPTED: "success",
    MatchState.REJECTED: "danger", MatchState.PASSED: "default",
}  # fmt: skip
_SURE, _LIKELY = 90, 60


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a scene, by id or name; ``known`` is who it is here, ``alike`` has the name."""

    remote_id: str
    name: str
    alias: str
    known: Performer | None
    alike: Performer | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """``number`` is its key, from 1; ``href`` where it can be looked at, if that is an address;
    ``picture`` is the address, here, of what it looks like."""

    match: StashMatch
    number: int
    title: str
    facts: list[str]
    href: str
    picture: str
    source: str
    state: str
    tone: str
    strength: str
    reasons: list[Reason]
    rows: list[FieldRow]
    people: list[Person]
    chosen: bool
    refusal: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it can be accepted."""
        return self.match.state not in TAKEN

    @property
    def is_closed(self) -> bool:
        """Whether it was rejected or passed over."""
        return self.match.state in CLOSED


@dataclass(frozen=True, slots=True)
class Print:
    """A fingerprint of a file, for people to compare."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Pane:
    """One video with all that is known of it elsewhere; ``closed`` of its candidates were rejected
    or passed over, ``others`` aren't shown."""

    video: Video
    card: Card
    path: str
    prints: list[Print]
    candidates: list[Candidate]
    closed: int = 0
    others: int = 0
    locked: list[str] = field(default_factory=list)


def read_pane(pk: int, *, state: str, candidate: int = 0) -> Pane | None:
    """The same number of statements however many candidates the video has; none of no video.

    ``state`` is the one that the queue is about: the first candidate in it is chosen, unless
    ``candidate`` names another one. Rejected ones are shown only where they are asked for.
    """
    video = with_card_facts(Video.objects.filter(pk=pk)).first()
    if video is None:
        return None
    matches = _matches(video, state)
    shown = matches[:_MOST]
    return Pane(
        video=video,
        card=cards([video])[0],
        path=video.path,
        prints=_prints(video),
        candidates=_candidates(shown, candidate),
        closed=StashMatch.objects.filter(video=video, state__in=CLOSED).count(),
        others=len(matches) - len(shown),
        locked=[str(name) for name in video.locked_fields],
    )


def _matches(video: Video, state: str) -> list[StashMatch]:
    asked = Case(When(state=state, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = StashMatch.objects.filter(video=video).select_related("box", "video")
    if state != MatchState.REJECTED:
        found = found.exclude(state=MatchState.REJECTED)
    return list(found.order_by(asked, F("score").desc(), "pk")[: _MOST + 1])


def _candidates(matches: Sequence[StashMatch], wanted: int) -> list[Candidate]:
    scenes = {match.pk: _scene(match) for match in matches}
    people = _people(matches, scenes)
    rows, refusal = _changes([match for match in matches if scenes[match.pk]])
    ids = [match.pk for match in matches]
    chosen = wanted if wanted in ids else ids[0] if ids else 0
    return [
        _candidate(
            match, scenes[match.pk], number=number, chosen=match.pk == chosen, refusal=refusal,
            rows=rows.get(match.pk, []), people=people.get(match.pk, []),
        )
        for number, match in enumerate(matches, 1)
    ]  # fmt: skip


def _changes(matches: Sequence[StashMatch]) -> tuple[dict[int, list[FieldRow]], str]:
    """What each would change, in words; or why that can't be said."""
    try:
        planned = plan(matches, settings=settings_of_all())
    except MediaHubError as error:
        return {}, str(error)
    return {pk: rows_of(changes) for pk, changes in planned.items()}, ""


def _candidate(match: StashMatch, scene: RemoteScene | None, **shown: Any) -> Candidate:
    if scene is None:
        shown["refusal"] = "What was answered can't be read any more. Search for it again."
    state = MatchState(match.state)
    return Candidate(
        match=match,
        title=(scene.title if scene else "") or "Without a title",
        facts=_facts(scene) if scene else [],
        href=_href(match),
        picture=_picture(match, scene),
        source=match.box.name if match.box else str(Source(match.source).label),
        state=str(state.label),
        tone=_TONES[state],
        strength=_strength(match.score),
        reasons=reasons_of(match.evidence),
        **shown,
    )


def _scene(match: StashMatch) -> RemoteScene | None:
    try:
        return read_scene(match.payload)
    except AnswerRefused:
        return None


def _strength(score: int) -> str:
    return "success" if score >= _SURE else "warning" if score >= _LIKELY else "default"


def _facts(scene: RemoteScene) -> list[str]:
    said = [
        scene.studio.name if scene.studio else "",
        scene.date,
        say_duration(scene.duration_s * 1_000) if scene.duration_s else "",
        f"code {scene.code}" if scene.code else "",
        f"directed by {scene.director}" if scene.director else "",
        "deleted there" if scene.deleted else "",
    ]
    return [one for one in said if one]


def _picture(match: StashMatch, scene: RemoteScene | None) -> str:
    if scene is None or not has_picture(match, scene):
        return ""
    return reverse("admin:stashbox_stashmatch_picture", args=[match.pk])


def _href(match: StashMatch) -> str:
    """Where people look at it: beside the box's GraphQL, or its own address."""
    if match.box is None:
        return match.remote_id if _is_web(match.remote_id) else ""
    return address_at(match.box, "scenes", match.remote_id)


def address_at(box: StashBox, what: str, remote_id: str) -> str:
    """Of a box's own page about one of its scenes or performers; empty if it has no address."""
    base = box.url.removesuffix("/").removesuffix("/graphql")
    return f"{base}/{what}/{quote(remote_id, safe='')}" if _is_web(base) else ""


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _prints(video: Video) -> list[Print]:
    files = list(File.objects.filter(video=video).order_by("pk").only("oshash", "content"))
    by_content = Fingerprint.objects.in_bulk([one.content for one in files if one.content])
    prints = [Print("oshash", one.oshash) for one in files if one.oshash]
    return [*prints, *(Print("phash", one.hex) for one in by_content.values())]


def _people(
    matches: Iterable[StashMatch], scenes: dict[int, RemoteScene | None]
) -> dict[int, list[Person]]:
    """Who is in the scenes; two statements for all of them."""
    cast = [
        (match, appearance)
        for match in matches
        if (scene := scenes[match.pk])
        for appearance in scene.performers
    ]
    ids = {appearance.performer.id for _, appearance in cast}
    links = RemoteLink.objects.filter(kind=Kind.PERFORMER, remote_id__in=ids)
    known = {(link.box_id, link.remote_id): link for link in links.select_related("performer")}
    names = {appearance.performer.name.lower() for _, appearance in cast}
    named = Performer.objects.annotate(low=Lower("name")).filter(low__in=names)
    alike = {one.name.lower(): one for one in named.order_by("-pk")}
    people: dict[int, list[Person]] = {}
    for match, appearance in cast:
        one = appearance.performer
        link = known.get((match.box_id or 0, one.id))
        apart = f" ({one.disambiguation})" if one.disambiguation else ""
        people.setdefault(match.pk, []).append(
            Person(
                one.id or one.name, one.name + apart, appearance.alias,
                link.performer if link else None, alike.get(one.name.lower()),
            )
        )  # fmt: skip
    return people

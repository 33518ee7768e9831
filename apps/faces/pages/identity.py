"""One person's faces, those that are like the others first, and what may be said of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet, StdDev
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.core.api.keyset import Cursor, Key, Keyset, read_cursor
from apps.core.units import say_duration
from apps.faces.choices import Verdict
from apps.faces.models import Apart, Identity, Track
from apps.faces.pages import asked
from apps.faces.pages.cards import Card, cards_of, portrait_url
from apps.faces.pages.lab import last_change, rights_of
from apps.faces.pages.posting import DeedPage
from apps.faces.pages.suggesting import split_in_two, who_is
from apps.faces.services.identities import standing_of
from apps.faces.services.settings import settings_of_all

PAGE = 120
_MOST_ANEW = 300
_OUTLIER_DEVIATIONS = 2.0
_KEYS = (
    (("←", "→"), "go from face to face (also ↑ and ↓)"),
    (("Enter",), "watch the video from there"),
    (("Space",), "choose it, or no longer"),
    (("Shift+Space",), "choose all from the one chosen last to this one"),
    (("Ctrl+a",), "choose all that are shown"),
    (("c",), "confirm: that is this person"),
    (("x",), "reject: that is somebody else"),
    (("f",), "not a face at all"),
    (("g",), "a face of nobody who matters: ignore it"),
    (("d",), "decide about it later: take the verdict back"),
    (("s",), "split: what is chosen is somebody else"),
    (("t",), "suggest a split in two"),
    (("h",), "have it stand for this person"),
    (("k",), "make the video's cover from it"),
    (("v",), "move what is chosen to another person"),
    (("n",), "name this person"),
    (("w",), "who is this?"),
    (("m",), "merge this person into another"),
    (("i",), "ignore this person, or no longer"),
    (("b",), "back to all"),
    (("u",), "undo what was done last"),
    (("Esc",), "choose none"),
    (("?",), "these keys"),
)
_TONES = {
    Verdict.CONFIRMED: ("success", "confirmed"),
    Verdict.IGNORED: ("default", "ignored"),
    Verdict.NOT_A_FACE: ("danger", "no face"),
}


def _key(name: str, *, descending: bool = False) -> Key:
    column: Any = Track._meta.get_field(name)
    return Key(name, column, descending)


ORDER = Keyset((_key("similarity", descending=True), _key("id")))


@dataclass(frozen=True, slots=True)
class Face:
    """A face of the person: where it was seen, how alike it is to the others, what was said."""

    pk: int
    title: str
    at: str
    href: str
    video: int
    similarity: str
    outlier: bool
    tone: str
    verdict: str
    portrait: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How alike the faces are; ``least`` is what less is an outlier's."""

    number: int
    waiting: int
    least: float


class IdentityPage(DeedPage):
    """``?cursor=`` is a page of the faces, ``ids`` are some of them anew; ``fragment=who`` is who
    it may be, ``fragment=split`` the faces that may be another's."""

    title = "Faces"
    name = "faces_identity"
    route = "<int:pk>/faces/"
    template_name = "admin/faces/identity.html"
    fragments = {
        "page": "admin/faces/_identity_page.html",
        "more": "admin/faces/_identity_faces.html",
        "who": "admin/faces/_who.html",
        "split": "admin/faces/_split.html",
    }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of somebody who was merged is that of whom they were merged into."""
        identity = get_object_or_404(Identity, pk=kwargs["pk"])
        if identity.merged_into_id:
            return redirect("admin:faces_identity", standing_of([identity.pk])[identity.pk])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        identity = get_object_or_404(
            Identity.objects.select_related("performer"), pk=self.kwargs["pk"]
        )
        part = self.request.GET.get("fragment", "")
        told: dict[str, Any] = {"identity": identity, **rights_of(self.request)}
        if part == "who":
            told["candidates"] = who_is(identity)
            told["card"] = _card(identity)
            told["likely_from"] = settings_of_all().suggest_one_in
        elif part == "split":
            told["suggested"] = split_in_two(identity)
        else:
            told |= self._faces(identity)
            if part != "more":
                told |= self._around(identity)
        return super().get_context_data(**told, **kwargs)

    def _faces(self, identity: Identity) -> dict[str, Any]:
        spread = _spread(identity)
        rows: QuerySet[Track] = Track.objects.filter(identity=identity)
        position = _position(self.request.GET.get("cursor", ""))
        if ids := asked.numbers_in(self.request.GET.getlist("ids")):
            rows, position = rows.filter(pk__in=ids[:_MOST_ANEW]), ()
        limit = _MOST_ANEW if ids else PAGE + 1
        # sorted by themselves: of somebody with thousands of faces their rows are long
        chosen = list(ORDER.rows_after(rows, position, limit=limit).values_list("pk", flat=True))
        found = list(_light(Track.objects.filter(pk__in=chosen)).order_by(*ORDER.order_by()))
        if ids:
            return {"faces": [_face(row, spread) for row in found], "spread": spread, "next": ""}
        last = found[PAGE - 1] if len(found) > PAGE else None
        cursor = Cursor(ORDER.position(last), backwards=False).text(ORDER) if last else ""
        faces = [_face(row, spread) for row in found[:PAGE]]
        return {"faces": faces, "spread": spread, "next": cursor}

    def _around(self, identity: Identity) -> dict[str, Any]:
        return {
            "card": _card(identity), "apart": _apart(identity), "keys": _KEYS,
            "keys_on": asked.keys_on(self.request.user), "undoable": last_change(self.request),
            "title": str(identity),
        }  # fmt: skip


def _light(rows: QuerySet[Track]) -> QuerySet[Track]:
    return rows.only(
        "id", "video_id", "image_id", "image__performer_id", "start_ms", "similarity", "verdict",
        "identity_id", "video__title", "video__id",
    ).select_related("video", "image")  # fmt: skip


def _card(identity: Identity) -> Card:
    return cards_of(Identity.objects.filter(pk=identity.pk))[0]


def _apart(identity: Identity) -> list[Card]:
    """Those of whom somebody said that they are other people."""
    rows = Apart.objects.filter(Q(first=identity) | Q(second=identity)).order_by("pk")[:20]
    others = {row.first_id + row.second_id - identity.pk for row in rows}
    return cards_of(Identity.objects.standing().filter(pk__in=others))


def _spread(identity: Identity) -> Spread:
    told = Track.objects.filter(identity=identity).aggregate(
        number=Count("pk"), waiting=Count("pk", filter=Q(verdict=Verdict.NONE)),
        mean=Avg(F("similarity")), deviation=StdDev(F("similarity")),
    )  # fmt: skip
    least = -1.0
    if told["number"] > _OUTLIER_DEVIATIONS and told["deviation"]:
        least = told["mean"] - _OUTLIER_DEVIATIONS * told["deviation"]
    return Spread(told["number"], told["waiting"], least)


def _face(row: Track, spread: Spread) -> Face:
    tone, said = _TONES.get(Verdict(row.verdict), ("", ""))
    at = say_duration(row.start_ms) if row.video_id else ""
    similarity = row.similarity
    return Face(
        pk=row.pk,
        title=str(row.video) if row.video else "A picture of theirs",
        at=at,
        href=_href(row),
        video=row.video_id or 0,
        similarity="" if similarity is None else f"{similarity:.2f}",
        outlier=similarity is not None and similarity < spread.least,
        tone=tone,
        verdict=said,
        portrait=portrait_url(row.pk),
    )


def _href(row: Track) -> str:
    if row.video_id:
        return watch_url(row.video_id, row.start_ms)
    performer = row.image.performer_id if row.image else 0
    return reverse("admin:library_performer_change", args=[performer])


def watch_url(video: int, at_ms: int) -> str:
    """The player, from that second on."""
    return reverse("admin:playback_watch", args=[video], query={"t": f"{at_ms / 1000:g}"})


def _position(text: str) -> tuple[Any, ...]:
    try:
        return tuple(read_cursor(text, ORDER).position) if text else ()
    except ValueError:
        return ()

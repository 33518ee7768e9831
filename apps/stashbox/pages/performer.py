"""Who a performer is at stash-boxes: looked for, linked, and those who wait for a decision."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.core.units import say_ago
from apps.library.models import Performer, PerformerImage
from apps.stashbox.choices import Kind
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from apps.stashbox.pages.boxes import in_words
from apps.stashbox.pages.candidates import address_at
from apps.stashbox.pages.queue import number_in
from apps.stashbox.schema import AnswerRefused, RemotePerformer, read_performer
from apps.stashbox.services import performers
from apps.stashbox.services.performers import Hit, Likeness
from apps.stashbox.services.pictures import choose_picture, fetch_known

_MOST_TEXT = 200
_MOST_ALIASES = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody there; ``equal`` and ``other`` are facts that both sides tell, ``whose`` is the
    performer here to whom they are linked, ``href`` where they can be looked at."""

    id: str
    name: str
    facts: list[str]
    equal: list[str]
    other: list[str]
    sure: bool
    href: str
    whose: Performer | None


@dataclass(frozen=True, slots=True)
class Link:
    """A performer's id there; ``asked`` says how long ago the box was asked about it."""

    id: str
    href: str
    asked: str


@dataclass(slots=True)
class Part:
    """A box: the performer's links there, who waits, and who was found if it was searched."""

    box: StashBox
    links: list[Link] = field(default_factory=list)
    lookup: PerformerLookup | None = None
    waiting: list[Candidate] = field(default_factory=list)
    found: list[Candidate] | None = None
    text: str = ""


class PerformerPage(AdminPage):
    """Each button is a form of its own; a search answers with the page, the others lead to it."""

    title = "At stash-boxes"
    name = "stashbox_performer"
    route = "<int:pk>/stash-boxes/"
    permission_required = "library.change_performer"
    template_name = "admin/stashbox/performer.html"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        deed, performer = request.POST.get("deed", ""), get_object_or_404(Performer, pk=pk)
        if deed not in _DEEDS and deed != "search":
            raise Http404("No such deed.")
        if deed in _ASKING and not request.user.has_perm("stashbox.identify"):
            raise PermissionDenied
        try:
            if deed == "search":
                return self._search(request, performer)
            said = _DEEDS[deed](request, performer)
        except MediaHubError as error:
            messages.error(request, in_words(error))
        else:
            messages.success(request, said)
        return redirect(f"admin:{self.name}", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        performer = get_object_or_404(Performer, pk=self.kwargs["pk"])
        told = {
            "performer": performer,
            "parts": _parts(performer),
            "pictures": list(performer.images.order_by("position", "pk")),
            "may_ask": self.request.user.has_perm("stashbox.identify"),
        }
        return super().get_context_data(**{**told, **kwargs})

    def _search(self, request: HttpRequest, performer: Performer) -> HttpResponse:
        box, text = _box(request), request.POST.get("text", "").strip()[:_MOST_TEXT]
        hits = performers.search(performer, box, text)
        parts = _parts(performer)
        for part in parts:
            if part.box == box:
                part.found, part.text = _candidates(box, hits), text
        return self.render_to_response(self.get_context_data(parts=parts))


def _box(request: HttpRequest) -> StashBox:
    pk = number_in(request.POST.get("box", ""))
    box: StashBox = get_object_or_404(StashBox, pk=pk, enabled=True)
    return box


def _link(request: HttpRequest, performer: Performer) -> str:
    box = _box(request)
    remote = performers.link_performer(performer, box, request.POST.get("remote", ""))
    return f"{performer} is {remote.name} at {box}."


def _unlink(request: HttpRequest, performer: Performer) -> str:
    box = get_object_or_404(StashBox, pk=number_in(request.POST.get("box", "")))
    performers.unlink_performer(performer, box)
    return f"{performer} is nobody at {box} now; what was taken over stays."


def _refresh(request: HttpRequest, performer: Performer) -> str:
    box = _box(request)
    outcome = performers.refresh(box, performer_ids=[performer.pk])
    if outcome.gone:
        return f"{box} doesn't know {performer} any more; nothing was changed."
    return f"{performer} was brought up to date." if outcome.changed else "Nothing is new there."


def _confirm(request: HttpRequest, performer: Performer) -> str:
    lookup = _lookup(request, performer)
    performers.confirm(lookup, request.POST.get("remote", ""))
    return f"{performer} is linked at {lookup.box}."


def _reject(request: HttpRequest, performer: Performer) -> str:
    performers.reject(_lookup(request, performer), request.POST.get("remote", ""))
    return "That is somebody else, who isn't offered again."


def _lookup(request: HttpRequest, performer: Performer) -> PerformerLookup:
    rows = PerformerLookup.objects.filter(performer=performer).select_related("performer", "box")
    found: PerformerLookup = get_object_or_404(rows, pk=number_in(request.POST.get("lookup", "")))
    return found


def _pictures(_request: HttpRequest, performer: Performer) -> str:
    outcome = fetch_known(performer)
    number, failed = len(outcome.kept), "; ".join(list(outcome.failed.values())[:3])
    said = f"{number or 'No'} new picture{'' if number == 1 else 's'}."
    return f"{said} What couldn't be had: {failed}" if failed else said


def _choose(request: HttpRequest, performer: Performer) -> str:
    pk = number_in(request.POST.get("picture", ""))
    choose_picture(get_object_or_404(PerformerImage, pk=pk, performer=performer))
    return "This picture is shown from now on."


_DEEDS: Mapping[str, Callable[[HttpRequest, Performer], str]] = {
    "link": _link, "unlink": _unlink, "refresh": _refresh, "confirm": _confirm, "reject": _reject,
    "pictures": _pictures, "choose": _choose,
}  # fmt: skip
_ASKING = {"search", "link", "refresh", "pictures"}  # these send requests to boxes


def _parts(performer: Performer) -> list[Part]:
    """The boxes that are enabled, and others where the performer is linked."""
    now = timezone.now()
    links = RemoteLink.objects.filter(kind=Kind.PERFORMER, performer=performer).order_by("pk")
    shown = Q(enabled=True) | Q(pk__in=links.values("box"))
    boxes = StashBox.objects.filter(shown).order_by("position", "pk")
    parts = {box.pk: Part(box) for box in boxes}
    for link in links:
        part = parts[link.box_id]
        href = address_at(part.box, "performers", link.remote_id)
        part.links.append(Link(link.remote_id, href, say_ago(link.checked_at, now=now)))
    for lookup in performers.to_review().filter(performer=performer):
        if part_of := parts.get(lookup.box_id):
            part_of.lookup = lookup
            part_of.waiting = _candidates(part_of.box, _hits_of(lookup))
    return list(parts.values())


def _hits_of(lookup: PerformerLookup) -> Iterator[Hit]:
    """Those that a check has left to a person; they have the name."""
    for one in lookup.candidates:
        try:
            remote = read_performer(one["performer"])
        except AnswerRefused:  # written by another version: it can't be decided about
            continue
        yield Hit(
            remote, Likeness(named=True, equal=tuple(one["equal"]), other=tuple(one["other"]))
        )


def _candidates(box: StashBox, hits: Iterable[Hit]) -> list[Candidate]:
    """One statement for all of them."""
    found = list(hits)
    links = RemoteLink.objects.filter(
        box=box, kind=Kind.PERFORMER, remote_id__in={hit.remote.id for hit in found}
    )
    whose = {link.remote_id: link.performer for link in links.select_related("performer")}
    return [_candidate(box, hit, whose.get(hit.remote.id)) for hit in found]


def _candidate(box: StashBox, hit: Hit, whose: Performer | None) -> Candidate:
    remote = hit.remote
    apart = f" ({remote.disambiguation})" if remote.disambiguation else ""
    return Candidate(
        id=remote.id,
        name=remote.name + apart,
        facts=_facts(remote),
        equal=list(hit.likeness.equal),
        other=list(hit.likeness.other),
        sure=hit.likeness.sure,
        href=address_at(box, "performers", remote.id),
        whose=whose,
    )


def _facts(remote: RemotePerformer) -> list[str]:
    aliases = ", ".join(remote.aliases[:_MOST_ALIASES])
    said = [
        f"also {aliases}" if aliases else "",
        f"born {remote.birth_date}" if remote.birth_date else "",
        remote.gender.replace("_", " ").lower(),
        remote.country,
        f"{remote.height_cm} cm" if remote.height_cm else "",
        f"active from {remote.career_start}" if remote.career_start else "",
        f"active until {remote.career_end}" if remote.career_end else "",
        f"{remote.scene_count:,} scenes" if remote.scene_count else "",
    ]
    return [one for one in said if one]

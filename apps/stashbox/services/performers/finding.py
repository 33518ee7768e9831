"""Performers whom a box doesn't know by a link yet: is she there now?"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from apps.core.errors import MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.library.models import Performer
from apps.stashbox import schema
from apps.stashbox.choices import Kind
from apps.stashbox.client import StashBoxClient
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.linking import link
from apps.stashbox.services.performers.filling import fill
from apps.stashbox.services.performers.likeness import compare
from apps.stashbox.services.performers.linking import Hit, take

AGAIN_AFTER = timedelta(days=30)
MOST_AT_ONCE = 500  # a run of the check: two minutes at the usual pace
_PAGE = 20
_MOST_CANDIDATES = 5


class NotOffered(MediaHubError):
    """The candidate was decided about meanwhile, or never was one; nothing was changed."""

    code = "not_offered"
    status = 409


@dataclass(slots=True)
class Checked:
    """How many performers were asked about, linked because it was sure, and left to a person."""

    asked: int = 0
    linked: int = 0
    review: int = 0


def due(box: StashBox, *, now: datetime) -> QuerySet[Performer]:
    """Whom to ask about: who isn't linked there and wasn't asked about lately; those who never
    were first, and of them those in most videos."""
    links = RemoteLink.objects.filter(box=box, kind=Kind.PERFORMER, performer=OuterRef("pk"))
    lately = PerformerLookup.objects.filter(
        box=box, performer=OuterRef("pk"), asked_at__gt=now - AGAIN_AFTER
    )
    before = PerformerLookup.objects.filter(box=box, performer=OuterRef("pk"))
    return Performer.objects.filter(~Exists(links), ~Exists(lately)).order_by(
        Exists(before), F("video_count").desc(), "pk"
    )


def check_unlinked(
    box: StashBox,
    *,
    now: datetime,
    most: int = MOST_AT_ONCE,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Checked:
    """Ask about those who are due, at most ``most``, each by one request.

    Who has the name, and another fact that is enough, is linked; who has the name alone waits for
    a person. Raises BoxError; what was found until then is kept.
    """
    outcome = Checked()
    total = min(most, due(box, now=now).count())
    with StashBoxClient(box) as client:
        while page := list(due(box, now=now)[: min(_PAGE, most - outcome.asked)]):
            found = {}
            for number, performer in enumerate(page):
                report(outcome.asked + number, total, linked=outcome.linked, review=outcome.review)
                found[performer.pk] = client.search_performers(performer.name)
            with guard():
                _write(box, page, found, outcome, now=now)
    report(outcome.asked, total, linked=outcome.linked, review=outcome.review)
    return outcome


def confirm(lookup: PerformerLookup, remote_id: str) -> None:
    """A person says that a candidate is meant: link them, and fill what is empty.

    Raises NotOffered.
    """
    remote = _offered(lookup, remote_id)
    take(lookup.performer, lookup.box, remote)


@transaction.atomic
def reject(lookup: PerformerLookup, remote_id: str) -> None:
    """A person says that a candidate is somebody else, who is never offered again.

    Raises NotOffered.
    """
    held = PerformerLookup.objects.select_for_update().get(pk=lookup.pk)
    _offered(held, remote_id)
    held.rejected = [*held.rejected, remote_id]
    held.candidates = [one for one in held.candidates if one["performer"]["id"] != remote_id]
    held.save(update_fields=["rejected", "candidates"])


def to_review(box: StashBox | None = None) -> QuerySet[PerformerLookup]:
    """What waits for a person, those in most videos first."""
    waiting = PerformerLookup.objects.exclude(candidates=[]).select_related("performer", "box")
    if box is not None:
        waiting = waiting.filter(box=box)
    return waiting.order_by("-performer__video_count", "pk")


def _offered(lookup: PerformerLookup, remote_id: str) -> RemotePerformer:
    for one in lookup.candidates:
        if one["performer"]["id"] == remote_id:
            return schema.read_performer(one["performer"])
    raise NotOffered("This candidate isn't there any more: somebody has decided about it.")


@transaction.atomic
def _write(
    box: StashBox,
    page: Sequence[Performer],
    found: dict[int, list[RemotePerformer]],
    outcome: Checked,
    *,
    now: datetime,
) -> None:
    """A constant number of statements but for those who are linked."""
    before = _lookups(box, page)
    taken = _taken(box, found)
    rows, sure = [], {}
    for performer in (one for one in page if one.pk in before):
        row = before[performer.pk]
        hits = list(_hits(performer, found[performer.pk], but=taken | set(row.rejected)))
        certain = [hit for hit in hits if hit.likeness.sure]
        if len(certain) == 1:
            sure[performer.pk] = certain[0].remote
            taken.add(certain[0].remote.id)
            link(performer, box, certain[0].remote.id)
            hits = []
        row.asked_at, row.candidates = now, [_as_json(hit) for hit in hits]
        rows.append(row)
        outcome.review += bool(hits)
    PerformerLookup.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["performer", "box"],
        update_fields=["asked_at", "candidates"],
    )  # fmt: skip
    fill(box, sure)
    outcome.asked += len(page)
    outcome.linked += len(sure)


def _lookups(box: StashBox, page: Sequence[Performer]) -> dict[int, PerformerLookup]:
    """Of those performers who are still there, and stay until the transaction ends."""
    held = Performer.objects.select_for_update(no_key=True).filter(pk__in=[p.pk for p in page])
    there = list(held.order_by("pk").values_list("pk", flat=True))
    rows = PerformerLookup.objects.filter(box=box, performer__in=there)
    new = {pk: PerformerLookup(performer_id=pk, box=box) for pk in there}
    return {**new, **{row.performer_id: row for row in rows}}


def _taken(box: StashBox, found: dict[int, list[RemotePerformer]]) -> set[str]:
    """The ids there that are somebody's here already."""
    ids = {remote.id for some in found.values() for remote in some}
    links = RemoteLink.objects.filter(box=box, kind=Kind.PERFORMER, remote_id__in=ids)
    return set(links.values_list("remote_id", flat=True))


def _hits(
    performer: Performer, remotes: Sequence[RemotePerformer], *, but: set[str]
) -> Iterator[Hit]:
    """Those of the name who are still there."""
    hits = (Hit(remote, compare(performer, remote)) for remote in remotes)
    fit = (hit for hit in hits if hit.likeness.named and not hit.remote.deleted)
    for _, hit in zip(range(_MOST_CANDIDATES), fit, strict=False):
        if hit.remote.id not in but:
            yield hit


def _as_json(hit: Hit) -> dict[str, object]:
    return {
        "performer": schema.as_json(hit.remote), "equal": list(hit.likeness.equal),
        "other": list(hit.likeness.other),
    }  # fmt: skip

"""Who a performer here is at a box: looked for by a person, linked, brought up to date."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.library.models import Performer
from apps.stashbox.choices import Kind
from apps.stashbox.client import MOST_PERFORMERS, StashBoxClient
from apps.stashbox.models import PerformerLookup, RemoteLink, StashBox
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.linking import link
from apps.stashbox.services.merged import MergedInCircles, follow, move_links
from apps.stashbox.services.performers.filling import fill
from apps.stashbox.services.performers.likeness import Likeness, compare


class NoSuchPerformer(MediaHubError):
    """The box knows no such performer; nothing was changed."""

    code = "no_such_performer"
    status = 404


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody at a box, and how like they are to a performer here."""

    remote: RemotePerformer
    likeness: Likeness


@dataclass(slots=True)
class Refreshed:
    """How many links were looked at, performers changed, ids followed that were merged into
    others, and how many the box doesn't know any more."""

    asked: int = 0
    changed: int = 0
    followed: int = 0
    gone: int = 0
    told: list[str] = field(default_factory=list)


def search(performer: Performer, box: StashBox, text: str = "") -> list[Hit]:
    """Whom the box finds by a text, or by the performer's name; the likest first.

    Raises BoxError.
    """
    with StashBoxClient(box) as client:
        found = client.search_performers(text or performer.name)
    hits = [Hit(remote, compare(performer, remote)) for remote in found if not remote.deleted]
    return sorted(hits, key=lambda hit: (not hit.likeness.sure, not hit.likeness.named))


def link_performer(performer: Performer, box: StashBox, remote_id: str) -> RemotePerformer:
    """Say who a performer is there, and take over what is known of them; who they were merged
    into is followed. Raises NoSuchPerformer, BoxError.
    """
    with StashBoxClient(box) as client:
        found = client.find_performer(remote_id)
        remote = follow(client, found) if found else None
    if remote is None or remote.deleted:
        raise NoSuchPerformer(f"{box} knows no performer of this id any more.")
    take(performer, box, remote)
    return remote


@transaction.atomic
def take(performer: Performer, box: StashBox, remote: RemotePerformer) -> None:
    """Link a performer to somebody at a box, and fill what is empty."""
    link(performer, box, remote.id)
    fill(box, {performer.pk: remote})
    PerformerLookup.objects.filter(performer=performer, box=box).update(candidates=[])


def refresh(
    box: StashBox,
    *,
    performer_ids: Sequence[int] | None = None,
    before: datetime | None = None,
    report: Progress = silent,
    guard: Guard = nullcontext,
) -> Refreshed:
    """Bring performers who are linked up to date, forty by a request, the longest unasked first.

    All, or those of ``performer_ids``, or those not asked about since ``before``. Raises BoxError.
    """
    outcome, began = Refreshed(), timezone.now()
    links = RemoteLink.objects.filter(box=box, kind=Kind.PERFORMER).exclude(checked_at__gte=began)
    if performer_ids is not None:
        links = links.filter(performer__in=performer_ids)
    if before is not None:
        links = links.exclude(checked_at__gte=before)
    total = links.count()
    order = (F("checked_at").asc(nulls_first=True), "pk")
    with StashBoxClient(box) as client:
        while page := list(links.order_by(*order)[:MOST_PERFORMERS]):
            found = _found(client, page, outcome)
            with guard():
                _write(box, page, found, outcome)
            report(outcome.asked, total, changed=outcome.changed)
    return outcome


def _found(
    client: StashBoxClient, page: Sequence[RemoteLink], outcome: Refreshed
) -> dict[int, RemotePerformer]:
    """Whom the links lead to now, by the links' ids."""
    known = client.find_performers([one.remote_id for one in page])
    found = {}
    for one in page:
        if one.remote_id in known:
            try:
                found[one.pk] = follow(client, known[one.remote_id])
            except MergedInCircles as error:
                outcome.told.append(str(error))
    return found


@transaction.atomic
def _write(
    box: StashBox,
    page: Sequence[RemoteLink],
    found: dict[int, RemotePerformer],
    outcome: Refreshed,
) -> None:
    outcome.asked += len(page)
    moves = [
        (box.pk, one.remote_id, found[one.pk].id)
        for one in page
        if one.pk in found and found[one.pk].id != one.remote_id
    ]
    outcome.followed += move_links(Kind.PERFORMER, moves) if moves else 0
    remotes = {
        one.performer_id: found[one.pk]
        for one in page
        if one.performer_id and one.pk in found and not found[one.pk].deleted
    }
    outcome.gone += sum(one.pk not in found or found[one.pk].deleted for one in page)
    outcome.changed += len(fill(box, remotes))
    RemoteLink.objects.filter(pk__in=[one.pk for one in page]).update(checked_at=timezone.now())

"""Who somebody at a box is here, as it is decided one by one: each time an entry of the audit."""

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import Performer
from apps.stashbox.choices import Kind
from apps.stashbox.models import RemoteLink, StashBox


@transaction.atomic
def link(performer: Performer, box: StashBox, remote_id: str) -> None:
    """Say that a performer is whom a box knows by an id, whoever was said to be. Raises RowGone."""
    links = RemoteLink.objects.filter(box=box, kind=Kind.PERFORMER, remote_id=remote_id)
    before = links.select_related("performer").first()
    held = hold_people({performer.pk, *([before.performer_id] if before else [])})
    if performer.pk not in held:
        raise audit.RowGone(f"{performer} was deleted meanwhile.")
    RemoteLink.objects.update_or_create(
        box=box, kind=Kind.PERFORMER, remote_id=remote_id,
        defaults={"performer": performer, "checked_at": timezone.now()},
    )  # fmt: skip
    entries = []
    if before is None or before.performer_id != performer.pk:
        entries.append(_entry(performer, None, box, remote_id))
        if before is not None and before.performer is not None:
            entries.append(_entry(before.performer, remote_id, box, None))
    audit.record(entries)


@transaction.atomic
def unlink(performer: Performer, box: StashBox) -> int:
    """Forget who a performer is there; how many ids that were."""
    hold_people({performer.pk})
    links = RemoteLink.objects.filter(box=box, kind=Kind.PERFORMER, performer=performer)
    ids = list(links.order_by("remote_id").values_list("remote_id", flat=True))
    links.delete()
    audit.record([_entry(performer, remote_id, box, None) for remote_id in ids])
    return len(ids)


def hold_people(ids: set[int | None]) -> dict[int, Performer]:
    """Let nobody change performers until the transaction ends; those who are there, by id."""
    rows = Performer.objects.select_for_update(no_key=True).filter(pk__in=ids - {None})
    return {row.pk: row for row in rows.order_by("pk")}


def _entry(performer: Performer, old: str | None, box: StashBox, new: str | None) -> AuditEntry:
    told = {"stash_box": (old and f"{box}: {old}", new and f"{box}: {new}")}
    return audit.entry(performer, AuditAction.CHANGED, told)

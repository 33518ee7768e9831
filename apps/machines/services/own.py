"""The row of the machine that we run on."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.jobs.places import here
from apps.machines.models import Machine

_SILENT = timedelta(seconds=30)
_FORGOTTEN = timedelta(days=30)
_SUPERSEDED = timedelta(hours=1)
LIMITS = (
    "gpu_hold_c", "gpu_resume_c", "gpu_pause_c", "gpu_hold_slowed", "gpu_free_mb",
    "gpu_encoder_percent", "gpu_sessions", "load_per_core", "memory_percent", "disk_reserve_gb",
    "hold_on_battery", "battery_pause_percent", "settle_seconds",
)  # fmt: skip
"""What people edit."""


def own_machine() -> Machine:
    """This machine's row, made if it has none.

    After a restart the row of the same host is taken over, so that its limits stay what people made
    them. Is that of another place that still lives, such as a container beside ours, they are
    copied.
    """
    return Machine.objects.filter(name=here()).first() or _enter(here(), now=timezone.now())


@transaction.atomic
def _enter(name: str, *, now: datetime) -> Machine:
    host = name.rpartition(".")[0] or name
    others = Machine.objects.filter(host=host).select_for_update()
    older: Machine | None = others.order_by("-sampled_at", "-pk").first()
    if older and (older.sampled_at is None or older.sampled_at < now - _SILENT):
        older.name, older.cards, older.holds, older.sample = name, [], [], {}
        older.save(update_fields=["name", "cards", "holds", "sample"])
        return older
    limits = {limit: getattr(older, limit) for limit in LIMITS} if older else {}
    return Machine.objects.get_or_create(name=name, defaults={"host": host, **limits})[0]


def forget_machines(*, now: datetime) -> int:
    """Delete the rows of machines that were not heard of for a month, and of containers in whose
    place another runs; return how many."""
    old = Machine.objects.filter(updated_at__lt=now - _FORGOTTEN)
    gone = [*old.filter(sampled_at=None), *old.filter(sampled_at__lt=now - _FORGOTTEN)]
    living = set(
        Machine.objects.filter(sampled_at__gte=now - _SILENT).values_list("host", flat=True)
    )
    silent = Machine.objects.filter(host__in=living, sampled_at__lt=now - _SUPERSEDED)
    ids = {machine.pk for machine in [*gone, *silent]}
    return Machine.objects.filter(pk__in=ids).delete()[0]

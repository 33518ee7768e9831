"""Looking at how this machine fares: whoever asks first looks, for all its processes."""

import os
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.nvml import CardReading, Reading, nvml
from apps.core.render_nodes import render_nodes
from apps.machines import host
from apps.machines.host import HostReading
from apps.machines.models import Machine
from apps.machines.rules import judge_all
from apps.machines.services.own import own_machine
from apps.machines.services.seat_files import count_taken

FRESH_S = 5.0
_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How a machine fares. ``trouble`` is the driver's, ``driver`` its version.

    ``seats`` is how many sessions of ours were open on each card, by its id.
    """

    host: HostReading
    cards: tuple[CardReading, ...] = ()
    driver: str = ""
    trouble: str = ""
    seats: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def latest() -> Machine:
    """This machine's row, with a sample and holds that are at most some seconds old.

    Costs nothing within five seconds, then one query, and for one of all processes a look.
    """
    kept = _kept.get(os.getpid())
    if kept and time.monotonic() - kept[0] < FRESH_S:
        return kept[1]
    machine = own_machine()
    if not _is_fresh(machine, now=timezone.now()):
        machine = sample_now(machine) or machine
    _kept.clear()
    _kept[os.getpid()] = time.monotonic(), machine
    return machine


def forget() -> None:
    """Ask the database next time: somebody changed limits, or holds."""
    _kept.clear()


_kept: dict[int, tuple[float, Machine]] = {}  # by process: a forked one begins anew


@transaction.atomic
def sample_now(machine: Machine) -> Machine | None:
    """Look, judge, write it down. Nothing if another process of this machine is at it."""
    rows = Machine.objects.select_for_update(skip_locked=True).filter(pk=machine.pk)
    locked: Machine | None = rows.first()
    now = timezone.now()
    if locked is None or _is_fresh(locked, now=now):
        return locked
    write_down(locked, look(), now=now)
    return locked


def look() -> Sample:
    """Ask the kernel and the driver."""
    reading: Reading = nvml.read_within(_PATIENCE_S)
    own = host.look(settings.MEDIAHUB_DATA_DIR)
    seats = {card.uuid: count_taken(card.uuid) for card in reading.cards}
    return Sample(own, reading.cards, reading.driver, reading.trouble, seats)


def write_down(machine: Machine, sample: Sample, *, now: datetime) -> None:
    """Judge a sample by the machine's limits and keep both. Cards that are missing are lost."""
    there = {card.uuid for card in sample.cards}
    missing = tuple(
        CardReading(card["id"], card["index"], card["name"], lost=True)
        for card in machine.cards
        if card["kind"] == "nvidia" and card["id"] not in there
    )
    sample = replace(sample, cards=(*sample.cards, *missing))
    holds = judge_all(machine, sample.host, sample.cards, now=now.timestamp())
    machine.cards = _cards(sample)
    machine.sample, machine.sampled_at = sample.to_json(), now
    machine.holds = [each.to_json() for each in holds]
    machine.save(update_fields=["cards", "sample", "sampled_at", "holds"])


def _cards(sample: Sample) -> list[dict[str, Any]]:
    """What the machine has: NVIDIA's by UUID, others by their place on the bus."""
    nvidia = [
        {"id": card.uuid, "kind": "nvidia", "name": card.name, "index": card.index,
         "device": str(card.index)}
        for card in sample.cards
    ]  # fmt: skip
    others = [
        {"id": node.bus_id, "kind": node.driver, "name": node.name, "index": 0,
         "device": node.path}
        for node in render_nodes()
    ]  # fmt: skip
    return [*nvidia, *others]


def _is_fresh(machine: Machine, *, now: datetime) -> bool:
    at = machine.sampled_at
    return at is not None and now - timedelta(seconds=FRESH_S) < at <= now

"""Machines and cards as tests need them."""

import itertools
from typing import Any

from django.utils import timezone

from apps.core.nvml import CardReading
from apps.machines.host import HostReading
from apps.machines.models import Machine
from apps.machines.services import own, sampling
from apps.machines.services.sampling import Sample
from apps.machines.services.seat_files import count_taken

_numbers = itertools.count(1)
WELL = HostReading(
    cores=4, load_per_core=0.5, memory_bytes=8_000, memory_available_bytes=6_000,
    on_battery=None, battery_percent=None, disk_free_bytes=500_000_000_000,
)  # fmt: skip


def make_card(uuid: str = "GPU-1", **values: Any) -> CardReading:
    """A consumer card that fares well."""
    values.setdefault("name", "NVIDIA GeForce RTX 3080")
    values.setdefault("index", 0)
    return CardReading(uuid, **values)


def fares(*cards: CardReading, host: HostReading = WELL, **limits: Any) -> Machine:
    """This machine, which has looked at itself just now."""
    machine = own.own_machine()
    for name, value in limits.items():
        setattr(machine, name, value)
    machine.save()
    ours = {card.uuid: count_taken(card.uuid) for card in cards}
    sample = Sample(host, cards, driver="580", seats=ours)
    sampling.write_down(machine, sample, now=timezone.now())
    sampling.forget()
    return machine


def make_machine(**values: Any) -> Machine:
    """Another machine, with a hot card, that looked at itself just now."""
    number = next(_numbers)
    machine = Machine.objects.create(
        **{"name": f"machine{number}.1a2b", "host": f"machine{number}", **values}
    )
    card = make_card(temperature_c=85)
    sampling.write_down(machine, Sample(WELL, (card,), driver="580"), now=timezone.now())
    return machine

"""How a machine fared when it last looked at itself, out of its row."""

from dataclasses import dataclass, fields
from typing import Any

from apps.core.nvml import CardReading
from apps.machines.host import HostReading
from apps.machines.models import Machine
from apps.machines.services.seats import session_limit


@dataclass(frozen=True, slots=True)
class CardNow:
    """A card, what it said, and how many sessions it may have.

    Of cards whose drivers tell nothing the reading is empty. ``is_learnt``: the limit is what it
    once refused to exceed.
    """

    id: str
    kind: str
    name: str
    reading: CardReading
    session_limit: int
    is_learnt: bool


def cards_now(machine: Machine) -> list[CardNow]:
    """The machine's cards, those that are lost among them."""
    readings = {
        each["uuid"]: CardReading(**_known(each)) for each in machine.sample.get("cards", ())
    }
    found = []
    for card in machine.cards:
        limit, is_learnt = session_limit(machine, card)
        reading = readings.get(card["id"]) or CardReading(card["id"], card["index"], card["name"])
        name = card["name"] or card["id"]
        found.append(CardNow(card["id"], card["kind"], name, reading, limit, is_learnt))
    return found


def host_now(machine: Machine) -> HostReading | None:
    """How the machine itself fared; None before its first look."""
    said = machine.sample.get("host")
    return HostReading(**said) if said else None


def _known(stored: dict[str, Any]) -> dict[str, Any]:
    """What this version knows of a stored reading."""
    names = {field.name for field in fields(CardReading)}
    values = {name: value for name, value in stored.items() if name in names}
    if values.get("slowed") is not None:
        values["slowed"] = tuple(values["slowed"])
    return values

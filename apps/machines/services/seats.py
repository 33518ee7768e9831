"""Who encodes on which graphics card: cards take only so many sessions at once.

A seat is free again when its holder dies (``seat_files``). What programs that aren't ours encode
counts too, as far as the driver tells of it. Consumer cards of one machine share one limit, which
the driver sets and doesn't tell: it is learnt from what it refuses.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.core.errors import MediaHubError
from apps.machines.models import Machine
from apps.machines.services import gates, sampling, seat_files

FIRST_GUESS = 8
"""What drivers have allowed on consumer cards since 2024."""
ALL_CONSUMER = "consumer"
_KNOWN_FOR = timedelta(days=7)
_CONSUMER = re.compile(r"geforce|titan", re.IGNORECASE)
_LONGEST_EVIDENCE = 300


class NoSeat(MediaHubError):
    """No card takes another session now; nothing was begun."""

    code = "no_seat"
    status = 503
    passing = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Sessions on a card: ours, those of others as far as they are known, how many it may have.

    ``shared`` are all that count towards the same limit.
    """

    card: str
    name: str
    ours: int
    others: int
    shared: int
    limit: int
    is_learnt: bool

    @property
    def is_full(self) -> bool:
        return self.shared >= self.limit

    @property
    def busy(self) -> float:
        return (self.ours + self.others) / self.limit


@contextmanager
def take(cards: Sequence[str]) -> Iterator[str]:
    """Sit down at the least busy of some cards, by their ids; gives its id. Raises NoSeat."""
    with seat_files.one_at_a_time("seats"):
        card = _choose(sampling.latest(), cards)
        seat = seat_files.sit_down(card)
    try:
        yield card
    finally:
        os.close(seat)


def occupancy(machine: Machine) -> list[Occupancy]:
    """How many sessions there are on each card of this machine, and how many there may be."""
    counted = [(card, *_sessions(machine, card["id"])) for card in machine.cards]
    consumer = sum(ours + others for card, ours, others in counted if _is_consumer(card))
    return [
        Occupancy(
            card=card["id"], name=card["name"] or card["id"], ours=ours, others=others,
            shared=consumer if _is_shared(machine, card) else ours + others,
            limit=limit, is_learnt=is_learnt,
        )
        for card, ours, others in counted
        for limit, is_learnt in [session_limit(machine, card)]
    ]  # fmt: skip


@transaction.atomic
def learn_refusal(card: str, *, evidence: str) -> int | None:
    """A card has refused a session: it takes no more than are open, once the seat was given back.

    Returns the limit, which is kept for a week, with the evidence, or until the driver changes;
    None if no session is open, so that their number can't have been the reason.
    """
    machine = Machine.objects.select_for_update().get(pk=sampling.latest().pk)
    found = next((each for each in occupancy(machine) if each.card == card), None)
    if found is None or not found.shared:
        return None
    limit = min(found.shared, found.limit)
    machine.learnt[_key(_card(machine, card))] = {
        "sessions": limit, "at": timezone.now().isoformat(),
        "driver": machine.sample.get("driver", ""), "evidence": evidence[:_LONGEST_EVIDENCE],
    }  # fmt: skip
    machine.save(update_fields=["learnt"])
    sampling.forget()
    return limit


def _choose(machine: Machine, cards: Sequence[str]) -> str:
    asked = [each for each in occupancy(machine) if each.card in cards]
    if not asked:
        raise NoSeat("None of the graphics cards that would do it is here any more.")
    usable = set(gates.free_cards(machine)) if settings.MEDIAHUB_GUARDS else {*cards}
    free = [each for each in asked if each.card in usable and not each.is_full]
    if not free:
        raise NoSeat("; ".join(_why_not(machine, each, usable) for each in asked))
    return min(free, key=lambda each: (each.busy, cards.index(each.card))).card


def _why_not(machine: Machine, full: Occupancy, usable: set[str]) -> str:
    if full.card not in usable:
        holds = [each for each in gates.holds_of(machine) if each.card == full.card]
        return gates.say(holds[0])
    by_others = f", {full.others} of them by other programs" if full.others else ""
    return f"{full.name}: {full.shared} of {full.limit} sessions are taken{by_others}"


def _sessions(machine: Machine, card: str) -> tuple[int, int]:
    """Ours now, and those of others when the machine last looked at itself."""
    cards: list[dict[str, Any]] = machine.sample.get("cards", [])
    told = next((each["encoder_sessions"] or 0 for each in cards if each["uuid"] == card), 0)
    then = machine.sample.get("seats", {}).get(card, 0)
    return seat_files.count_taken(card), max(0, told - then)


def session_limit(machine: Machine, card: dict[str, Any]) -> tuple[int, bool]:
    """How many sessions a card may have, and whether that was learnt."""
    if machine.gpu_sessions is not None:
        return machine.gpu_sessions, False
    learnt = machine.learnt.get(_key(card))
    if learnt and _is_known(learnt, machine, now=timezone.now()):
        return int(learnt["sessions"]), True
    return FIRST_GUESS, False


def _is_known(learnt: dict[str, Any], machine: Machine, *, now: datetime) -> bool:
    at = parse_datetime(learnt["at"])
    same = learnt["driver"] == machine.sample.get("driver", "")
    return same and at is not None and now - at < _KNOWN_FOR


def _card(machine: Machine, card: str) -> dict[str, Any]:
    return next(each for each in machine.cards if each["id"] == card)


def _key(card: dict[str, Any]) -> str:
    return ALL_CONSUMER if _is_consumer(card) else str(card["id"])


def _is_consumer(card: dict[str, Any]) -> bool:
    return bool(_CONSUMER.search(card["name"]))


def _is_shared(machine: Machine, card: dict[str, Any]) -> bool:
    """A limit that a person set is each card's own."""
    return machine.gpu_sessions is None and _is_consumer(card)

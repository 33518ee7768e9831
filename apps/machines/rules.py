"""Which values are watched, against which of a machine's limits."""

from collections.abc import Iterator, Mapping, Sequence

from apps.core.nvml import CardReading
from apps.machines.guard import Held, Level, Rule, Standing, held, judge
from apps.machines.host import HostReading
from apps.machines.models import Machine

Watched = tuple[Rule, float | None]

_SLOWDOWN_MARGIN_C, _PAUSE_MARGIN_C = 5, 2
_EASED = 0.75  # of a limit's value that must be reached again
_FULL = 100.0
_MB, _GB = 1_000_000, 1_000_000_000


def judge_all(
    machine: Machine, host: HostReading, cards: Sequence[CardReading], *, now: float
) -> list[Held]:
    """What is held back now, given what was (``machine.holds``): first what concerns all of it."""
    before = {(each["rule"], each["card"]): Held.from_json(each) for each in machine.holds}
    found = list(_judge(host_rules(machine, host), before, now=now))
    for card in cards:
        named = card.name or card.uuid
        found += _judge(card_rules(machine, card), before, now=now, card=card.uuid, named=named)
    return found


def _judge(
    watched: Iterator[Watched],
    before: Mapping[tuple[str, str], Held],
    *,
    now: float,
    card: str = "",
    named: str = "",
) -> Iterator[Held]:
    for rule, value in watched:
        earlier = before.get((rule.name, card))
        standing = judge(rule, earlier.standing if earlier else Standing(), value, now=now)
        if standing.level != Level.OK:
            yield held(rule, standing, card=card, card_name=named)


def host_rules(machine: Machine, host: HostReading) -> Iterator[Watched]:
    """What is watched of the machine as a whole."""
    settle = float(machine.settle_seconds)
    if machine.hold_on_battery:
        rule = Rule(
            "mains", "the machine runs on its battery", 1, 0,
            settle_s=settle, resumes="there is mains power",
        )  # fmt: skip
        yield rule, host.on_battery
    if machine.battery_pause_percent is not None:
        charge = host.battery_percent if host.on_battery else _FULL
        rule = Rule(
            "battery", "the battery's charge", machine.battery_pause_percent, _FULL,
            pause_at=machine.battery_pause_percent, unit="%", rising=False, settle_s=settle,
            resumes="there is mains power",
        )  # fmt: skip
        yield rule, charge if host.on_battery is not None else None
    if machine.load_per_core is not None:
        rule = Rule(
            "load", "the load of each core", machine.load_per_core,
            round(_EASED * machine.load_per_core, 2), unit="processes", settle_s=settle,
        )  # fmt: skip
        yield rule, host.load_per_core
    if machine.memory_percent is not None:
        rule = Rule(
            "memory", "the memory that is available", machine.memory_percent,
            min(_FULL, round(machine.memory_percent / _EASED, 1)),
            unit="%", rising=False, settle_s=settle,
        )  # fmt: skip
        yield rule, host.memory_percent
    if machine.disk_reserve_gb:
        rule = Rule(
            "disk", "what is free in the data folder", machine.disk_reserve_gb,
            round(machine.disk_reserve_gb / _EASED, 1),
            unit="GB", rising=False, settle_s=settle,
        )  # fmt: skip
        yield rule, _over(host.disk_free_bytes, _GB)


def card_rules(machine: Machine, card: CardReading) -> Iterator[Watched]:
    """What is watched of one card. What it doesn't say is held against nobody."""
    settle = float(machine.settle_seconds)
    gone = Rule("lost", "the card is lost", 1, 0, settle_s=settle, resumes="it answers again")
    yield gone, card.lost
    if temperature := _temperature(machine, card):
        yield temperature, card.temperature_c
    if machine.gpu_hold_slowed:
        why = ", ".join(card.slowed or ())
        rule = Rule(
            "slowed", f"the card is slowed down{why and f' ({why})'}", 1, 0,
            settle_s=settle, resumes="it runs at its own speed",
        )  # fmt: skip
        yield rule, None if card.slowed is None else bool(card.slowed)
    if machine.gpu_free_mb is not None:
        rule = Rule(
            "card_memory", "the free memory of the card", machine.gpu_free_mb,
            round(machine.gpu_free_mb / _EASED), unit="MB", rising=False, settle_s=settle,
        )  # fmt: skip
        yield rule, _over(card.memory_free_bytes, _MB)
    if machine.gpu_encoder_percent is not None:
        rule = Rule(
            "encoder", "the load of its encoder", machine.gpu_encoder_percent,
            round(_EASED * machine.gpu_encoder_percent), unit="%", settle_s=settle,
        )  # fmt: skip
        yield rule, card.encoder_percent


def _temperature(machine: Machine, card: CardReading) -> Rule | None:
    """Its own limit, if it says one, goes before ours; it always goes on lower than it was held."""
    hold, pause = machine.gpu_hold_c, machine.gpu_pause_c
    if card.slowdown_c is not None:
        hold = None if hold is None else min(hold, card.slowdown_c - _SLOWDOWN_MARGIN_C)
        pause = None if pause is None else min(pause, card.slowdown_c - _PAUSE_MARGIN_C)
    first = min((limit for limit in (hold, pause) if limit is not None), default=None)
    if first is None:
        return None
    return Rule(
        "temperature", "the temperature", first, min(machine.gpu_resume_c, first - 1),
        pause_at=pause, unit="°C", settle_s=float(machine.settle_seconds),
    )  # fmt: skip


def _over(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit

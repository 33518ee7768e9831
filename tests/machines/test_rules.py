"""Which values are watched, against which limits."""

from dataclasses import replace

import pytest

from apps.core.nvml import CardReading
from apps.machines.guard import Level
from apps.machines.host import HostReading
from apps.machines.models import Machine
from apps.machines.rules import judge_all

GB = 1_000_000_000
HOST = HostReading(
    cores=4, load_per_core=1.0, memory_bytes=16 * GB, memory_available_bytes=8 * GB,
    on_battery=False, battery_percent=100, disk_free_bytes=100 * GB,
)  # fmt: skip
CARD = CardReading(
    "GPU-1", 0, "RTX", temperature_c=60, memory_bytes=8 * GB, memory_free_bytes=4 * GB,
    encoder_percent=99, slowed=(),
)  # fmt: skip


def held_by(
    host: HostReading = HOST, card: CardReading = CARD, **limits: object
) -> list[tuple[str, str, Level]]:
    found = judge_all(Machine(**limits), host, [card], now=0)
    return [(each.rule, each.card, Level(each.level)) for each in found]


def test_what_fares_well_is_held_by_nothing() -> None:
    assert held_by() == []


def test_what_says_nothing_is_held_by_nothing() -> None:
    silent = HostReading(
        cores=1, load_per_core=None, memory_bytes=None, memory_available_bytes=None,
        on_battery=None, battery_percent=None, disk_free_bytes=None,
    )  # fmt: skip

    assert held_by(silent, CardReading("GPU-1", 0)) == []


@pytest.mark.parametrize(
    ("host", "rule", "level"),
    [
        (replace(HOST, load_per_core=8.5), "load", Level.HOLD),
        (replace(HOST, memory_available_bytes=GB // 2), "memory", Level.HOLD),
        (replace(HOST, disk_free_bytes=4 * GB), "disk", Level.HOLD),
        (replace(HOST, on_battery=True), "mains", Level.HOLD),
    ],
)
def test_a_machine_is_held(host: HostReading, rule: str, level: Level) -> None:
    assert held_by(host) == [(rule, "", level)]


def test_on_a_battery_that_runs_low_work_stands_still() -> None:
    low = replace(HOST, on_battery=True, battery_percent=50)

    assert held_by(low) == [("mains", "", Level.HOLD), ("battery", "", Level.PAUSE)]
    assert held_by(replace(low, on_battery=False)) == []  # it is charged


@pytest.mark.parametrize(
    ("card", "rule", "level"),
    [
        (replace(CARD, temperature_c=83), "temperature", Level.HOLD),
        (replace(CARD, temperature_c=90), "temperature", Level.PAUSE),
        (replace(CARD, memory_free_bytes=GB // 2), "card_memory", Level.HOLD),
        (replace(CARD, slowed=("power brake",)), "slowed", Level.HOLD),
        (CardReading("GPU-1", 0, lost=True), "lost", Level.HOLD),
    ],
)
def test_a_card_is_held(card: CardReading, rule: str, level: Level) -> None:
    assert held_by(card=card) == [(rule, "GPU-1", level)]


def test_a_cards_own_limit_goes_before_ours() -> None:
    careful = replace(CARD, slowdown_c=80)  # held at 75, paused at 78

    assert held_by(card=replace(careful, temperature_c=74)) == []
    assert held_by(card=replace(careful, temperature_c=75)) == [
        ("temperature", "GPU-1", Level.HOLD)
    ]
    assert held_by(card=replace(careful, temperature_c=78)) == [
        ("temperature", "GPU-1", Level.PAUSE)
    ]


def test_a_limit_that_is_not_set_holds_nothing() -> None:
    none = {"gpu_hold_c": None, "gpu_pause_c": None, "gpu_free_mb": None, "gpu_hold_slowed": False}
    bad = replace(CARD, temperature_c=105, memory_free_bytes=0, slowed=("power brake",))
    assert held_by(card=bad, **none) == []

    none = {"load_per_core": None, "memory_percent": None, "disk_reserve_gb": 0}
    none |= {"hold_on_battery": False, "battery_pause_percent": None}
    bad_host = HostReading(
        cores=1, load_per_core=99, memory_bytes=GB, memory_available_bytes=0, on_battery=True,
        battery_percent=1, disk_free_bytes=0,
    )  # fmt: skip
    assert held_by(bad_host, **none) == []


def test_only_a_pause_may_be_set() -> None:
    assert held_by(card=replace(CARD, temperature_c=89), gpu_hold_c=None) == []
    assert held_by(card=replace(CARD, temperature_c=90), gpu_hold_c=None) == [
        ("temperature", "GPU-1", Level.PAUSE)
    ]


def test_an_encoder_that_is_busy_is_no_reason_unless_it_is_made_one() -> None:
    assert held_by(gpu_encoder_percent=95) == [("encoder", "GPU-1", Level.HOLD)]

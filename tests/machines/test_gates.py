"""Whether this machine is in a state for work."""

from dataclasses import replace
from typing import Any

import pytest

from apps.machines.services import gates, room, seats
from tests.machines.factories import WELL, fares, make_card

pytestmark = pytest.mark.django_db

CARD = make_card(temperature_c=60, slowdown_c=98)
OTHER = replace(CARD, uuid="GPU-2", index=1)


class TestStart:
    def test_a_machine_that_fares_well_starts_everything(self) -> None:
        fares(CARD)

        assert gates.why_not_start(gpu=False) == gates.why_not_start(gpu=True) == ""

    def test_a_hot_card_gets_no_work(self) -> None:
        fares(replace(CARD, temperature_c=84))

        assert gates.why_not_start(gpu=False) == ""
        assert gates.why_not_start(gpu=True) == (
            "NVIDIA GeForce RTX 3080: the temperature is 84 °C; goes on at 76 °C or below for 60 s"
        )

    def test_one_cool_card_is_enough(self) -> None:
        fares(replace(CARD, temperature_c=84), OTHER)

        assert gates.why_not_start(gpu=True) == ""

    def test_without_a_card_nothing_is_started_on_one(self) -> None:
        fares()

        assert gates.why_not_start(gpu=True) == "this machine has no graphics card"

    def test_what_concerns_the_machine_concerns_all_work(self) -> None:
        fares(CARD, host=replace(WELL, on_battery=True, battery_percent=80))

        assert "battery" in gates.why_not_start(gpu=False)
        assert "battery" in gates.why_not_start(gpu=True)

    def test_switched_off_it_holds_nothing(self, settings: Any) -> None:
        fares(replace(CARD, temperature_c=99))
        settings.MEDIAHUB_GUARDS = False

        assert gates.why_not_start(gpu=True) == gates.why_pause(gpu=True) == ""


class TestPause:
    def test_only_what_uses_the_hot_card_stands_still(self) -> None:
        fares(replace(CARD, temperature_c=91), OTHER)

        assert "91 °C" in gates.why_pause(gpu=True, card="GPU-1")
        assert gates.why_pause(gpu=True, card="GPU-2") == ""
        assert gates.why_pause(gpu=False) == ""

    def test_a_hold_pauses_nothing(self) -> None:
        fares(replace(CARD, temperature_c=84))

        assert gates.why_pause(gpu=True, card="GPU-1") == ""


class TestSeats:
    def test_the_least_busy_card_is_taken(self) -> None:
        fares(CARD, OTHER)

        with seats.take(["GPU-1", "GPU-2"]) as first, seats.take(["GPU-1", "GPU-2"]) as second:
            assert [first, second] == ["GPU-1", "GPU-2"]

    def test_more_than_the_limit_are_refused_with_the_reason(self) -> None:
        fares(CARD, gpu_sessions=1)

        with (
            seats.take(["GPU-1"]),
            pytest.raises(seats.NoSeat) as raised,
            seats.take(["GPU-1"]),
        ):
            pass

        assert raised.value.reason == "NVIDIA GeForce RTX 3080: 1 of 1 sessions are taken"
        with seats.take(["GPU-1"]):  # it is free again
            pass


class TestRoom:
    def test_what_fits_with_the_reserve_may_be_made(self, tmp_path: Any) -> None:
        fares(disk_reserve_gb=0)

        room.check(bytes(tmp_path), foreseen_bytes=1_000, reserved=0)

    def test_what_does_not_is_refused_with_figures(self, tmp_path: Any) -> None:
        fares()

        with pytest.raises(room.NoRoom) as raised:
            room.check(bytes(tmp_path), foreseen_bytes=10**17, reserved=2_000_000_000)

        assert "110 PB are foreseen, 2 GB are promised to others" in str(raised.value)

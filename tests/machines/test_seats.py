"""Who encodes on which card."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.machines.models import Machine
from apps.machines.services import seats
from apps.machines.services.seats import NoSeat, take
from tests.machines.factories import fares, make_card

pytestmark = pytest.mark.django_db

RTX = "NVIDIA GeForce RTX 3080"
ONE, TWO = make_card("GPU-1"), make_card("GPU-2", index=1)
PRO = make_card("GPU-pro", name="NVIDIA L4", index=2)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Seats that are taken to the test's end."""
    with ExitStack() as stack:
        yield stack


def refused(*cards: str) -> str:
    with pytest.raises(NoSeat) as raised, take(cards):
        pass
    return raised.value.reason


def test_the_least_busy_card_is_taken(held: ExitStack) -> None:
    fares(ONE, TWO)

    taken = [held.enter_context(take(["GPU-1", "GPU-2"])) for _ in range(4)]

    assert taken == ["GPU-1", "GPU-2", "GPU-1", "GPU-2"]


def test_what_other_programs_encode_counts(held: ExitStack) -> None:
    fares(make_card("GPU-1", encoder_sessions=3), TWO, gpu_sessions=4)

    assert [held.enter_context(take(["GPU-1", "GPU-2"])) for _ in range(3)] == ["GPU-2"] * 3
    assert held.enter_context(take(["GPU-1"])) == "GPU-1"
    assert refused("GPU-1") == f"{RTX}: 4 of 4 sessions are taken, 3 of them by other programs"


def test_ours_that_the_driver_tells_of_count_once(held: ExitStack) -> None:
    fares(ONE, gpu_sessions=2)
    held.enter_context(take(["GPU-1"]))
    fares(make_card("GPU-1", encoder_sessions=1), gpu_sessions=2)

    assert held.enter_context(take(["GPU-1"])) == "GPU-1"


def test_a_card_that_is_held_back_gives_no_seat() -> None:
    fares(make_card("GPU-1", temperature_c=85), TWO)

    with take(["GPU-1", "GPU-2"]) as card:
        assert card == "GPU-2"
    assert "85 °C; goes on at 76 °C" in refused("GPU-1")


def test_a_card_that_is_not_here_gives_none() -> None:
    fares()

    assert "here any more" in refused("GPU-1")


class TestLimits:
    def test_consumer_cards_share_one(self, held: ExitStack) -> None:
        fares(ONE, TWO, PRO)
        for _ in range(8):
            held.enter_context(take(["GPU-1", "GPU-2"]))

        assert refused("GPU-1") == f"{RTX}: 8 of 8 sessions are taken"
        assert held.enter_context(take(["GPU-1", "GPU-pro"])) == "GPU-pro"

    def test_it_is_learnt_from_what_they_refuse(self, held: ExitStack) -> None:
        fares(ONE, TWO)
        for _ in range(3):
            held.enter_context(take(["GPU-1", "GPU-2"]))
        with take(["GPU-1"]):
            pass  # the card refused

        assert seats.learn_refusal("GPU-1", evidence="h264_nvenc: no_session") == 3

        assert "3 of 3" in refused("GPU-1")
        assert "3 of 3" in refused("GPU-2")  # the driver's limit is the machine's
        (learnt,) = Machine.objects.get().learnt.values()
        assert (learnt["evidence"], learnt["driver"]) == ("h264_nvenc: no_session", "580")

    def test_of_other_cards_it_is_each_ones_own(self, held: ExitStack) -> None:
        other = make_card("GPU-other", name="NVIDIA A10")
        fares(PRO, other)
        held.enter_context(take(["GPU-pro"]))

        assert seats.learn_refusal("GPU-pro", evidence="") == 1

        assert "1 of 1" in refused("GPU-pro")
        assert held.enter_context(take(["GPU-other"])) == "GPU-other"

    def test_a_refusal_without_other_sessions_teaches_nothing(self) -> None:
        fares(ONE)

        assert seats.learn_refusal("GPU-1", evidence="") is None
        assert seats.learn_refusal("GPU-9", evidence="") is None

    @pytest.mark.parametrize(
        "changed",
        [{"at": (timezone.now() - timedelta(days=8)).isoformat()}, {"driver": "570"}],
        ids=["a week later", "by another driver"],
    )
    def test_what_was_learnt_is_forgotten(self, changed: dict[str, Any]) -> None:
        known = {"sessions": 1, "at": timezone.now().isoformat(), "driver": "580", "evidence": ""}
        fares(ONE, learnt={seats.ALL_CONSUMER: {**known, **changed}})

        with take(["GPU-1"]), take(["GPU-1"]):
            pass

    def test_what_a_person_set_goes_before_it_and_is_each_cards_own(self, held: ExitStack) -> None:
        known = {"sessions": 1, "at": timezone.now().isoformat(), "driver": "580", "evidence": ""}
        fares(ONE, TWO, learnt={seats.ALL_CONSUMER: known}, gpu_sessions=2)

        for _ in range(4):
            held.enter_context(take(["GPU-1", "GPU-2"]))
        assert "2 of 2" in refused("GPU-1")


def test_a_killed_holder_frees_its_seat(tmp_path: Path) -> None:
    machine = fares(ONE, gpu_sessions=1)
    (tmp_path / "locks").mkdir(exist_ok=True)
    with take(["GPU-1"]):
        (seat,) = (tmp_path / "locks").glob("seat-*")
    program = """
        import fcntl, os, sys, time
        fd = os.open(sys.argv[1], os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
        print("sits", flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(seat)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"sits\n"
        assert [each.ours for each in seats.occupancy(machine)] == [1]
        assert "1 of 1" in refused("GPU-1")
        os.kill(other.pid, signal.SIGKILL)
        other.wait()

    with take(["GPU-1"]):
        pass

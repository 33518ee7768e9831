"""Looking at how this machine fares."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.core.nvml import CardReading
from apps.machines.guard import Level
from apps.machines.models import Machine
from apps.machines.services import gates, own, sampling
from apps.machines.services.sampling import Sample
from tests.machines.factories import WELL, fares, make_card

RTX = "NVIDIA GeForce RTX 3080"


@pytest.mark.django_db
class TestLatest:
    def test_the_first_who_asks_looks(self) -> None:
        machine = sampling.latest()

        assert machine.sampled_at is not None
        assert machine.sample["host"]["cores"] >= 1
        assert machine.sample["host"]["disk_free_bytes"] > 0

    def test_whoever_asks_within_seconds_is_told_the_same(
        self, django_assert_num_queries: Any
    ) -> None:
        first = sampling.latest()

        with django_assert_num_queries(0):
            assert sampling.latest() is first

    def test_another_process_reads_what_was_written_down(
        self, django_assert_num_queries: Any
    ) -> None:
        first = sampling.latest()
        sampling.forget()  # as one that has not asked before

        with django_assert_num_queries(1):
            second = sampling.latest()

        assert second.sampled_at == first.sampled_at

    def test_what_is_older_is_looked_at_again(self) -> None:
        machine = sampling.latest()
        old = timezone.now() - timedelta(seconds=6)
        Machine.objects.filter(pk=machine.pk).update(sampled_at=old)
        sampling.forget()

        assert sampling.latest().sampled_at > old

    def test_a_time_to_come_is_not_believed(self) -> None:
        machine = sampling.latest()
        Machine.objects.update(sampled_at=timezone.now() + timedelta(days=1))
        sampling.forget()

        assert sampling.latest().sampled_at < timezone.now() + timedelta(hours=1)
        assert machine.pk == sampling.latest().pk


@pytest.mark.django_db(transaction=True)
def test_while_one_looks_the_others_go_on_with_what_is_known() -> None:
    machine = own.own_machine()

    def ask() -> Machine | None:
        with closing(connection):
            return sampling.sample_now(machine)

    with transaction.atomic():
        Machine.objects.select_for_update().get(pk=machine.pk)  # somebody is at it
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(ask).result(timeout=20) is None


@pytest.mark.django_db
class TestJudging:
    def at(self, machine: Machine, second: int, *cards: CardReading) -> list[tuple[str, Level]]:
        now = timezone.now() + timedelta(seconds=second)
        sampling.write_down(machine, Sample(WELL, cards, driver="580"), now=now)
        machine.refresh_from_db()
        return [(each.rule, Level(each.level)) for each in gates.holds_of(machine)]

    def test_a_card_from_70_to_90_and_back(self) -> None:
        machine = own.own_machine()
        temperatures = [70, 80, 84, 90, 90, 80, 75, 74, 73, 72, 71, 70, 70]

        found = [
            self.at(machine, 10 * number, make_card(temperature_c=degrees))
            for number, degrees in enumerate(temperatures)
        ]

        held, paused = [("temperature", Level.HOLD)], [("temperature", Level.PAUSE)]
        # it has been at 76 or below from second 60 on
        assert found == [[], [], held, *[paused] * 9, []]

    def test_one_that_is_gone_is_lost_until_it_answers_for_a_while(self) -> None:
        machine = own.own_machine()
        one, two = make_card("GPU-1"), make_card("GPU-2", index=1)
        assert self.at(machine, 0, one, two) == []

        assert self.at(machine, 10, two) == [("lost", Level.HOLD)]
        (hold,) = gates.holds_of(machine)
        assert (hold.card, hold.text) == ("GPU-1", f"{RTX}: the card is lost")
        assert gates.free_cards(machine) == ["GPU-2"]

        assert self.at(machine, 20, one, two) == [("lost", Level.HOLD)]
        assert self.at(machine, 80, one, two) == []

    def test_a_driver_that_does_not_answer_loses_them_all(self) -> None:
        machine = fares(make_card())

        sampling.write_down(machine, Sample(WELL, trouble="no answer"), now=timezone.now())

        assert [each.rule for each in gates.holds_of(machine)] == ["lost"]
        assert machine.sample["trouble"] == "no answer"


@pytest.mark.gpu
@pytest.mark.django_db
def test_a_real_card_is_looked_at() -> None:
    machine = sampling.latest()
    if not machine.cards:
        pytest.skip("there is no card here")

    assert machine.sample["driver"]
    assert {card["id"] for card in machine.cards} >= {
        each["uuid"] for each in machine.sample["cards"]
    }

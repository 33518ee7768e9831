"""The row of the machine that we run on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.places import here
from apps.machines.models import Machine
from apps.machines.services import own
from tests.machines.factories import fares, make_machine

pytestmark = pytest.mark.django_db

HOST = here().rpartition(".")[0]


def ago(machine: Machine, **since: float) -> Machine:
    machine.sampled_at = timezone.now() - timedelta(**since)
    machine.save()
    Machine.objects.filter(pk=machine.pk).update(updated_at=machine.sampled_at)
    return machine


def test_a_machine_enters_itself_once() -> None:
    first, second = own.own_machine(), own.own_machine()

    assert first == second
    assert (first.name, first.host) == (here(), HOST)


def test_after_a_restart_it_keeps_its_limits() -> None:
    before = ago(make_machine(host=HOST, gpu_hold_c=70, gpu_resume_c=60), minutes=5)

    machine = own.own_machine()

    assert machine == before
    assert (machine.name, machine.gpu_hold_c, machine.holds) == (here(), 70, [])
    assert machine.cards == []  # which may be others now


def test_beside_a_container_that_lives_it_gets_a_row_with_its_limits() -> None:
    other = make_machine(host=HOST, gpu_hold_c=70, gpu_resume_c=60)

    machine = own.own_machine()

    assert machine != other
    assert (machine.gpu_hold_c, machine.gpu_resume_c) == (70, 60)
    assert own.own_machine() == machine


def test_machines_that_are_gone_are_forgotten() -> None:
    mine = fares()
    replaced = ago(make_machine(host=HOST), hours=2)
    just_now = ago(make_machine(host=HOST), minutes=2)
    off = ago(make_machine(), days=3)
    gone = ago(make_machine(), days=31)

    assert own.forget_machines(now=timezone.now()) == 2

    assert {*Machine.objects.all()} == {mine, just_now, off}
    assert not Machine.objects.filter(pk__in=[replaced.pk, gone.pk]).exists()

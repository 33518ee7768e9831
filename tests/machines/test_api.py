"""Machines by the API."""

from typing import Any

import pytest

from apps.core.models import AuditEntry
from apps.machines.models import Machine
from tests.client import Api
from tests.machines.factories import fares, make_card

pytestmark = pytest.mark.django_db


def test_a_machine_tells_what_it_has_and_how_it_fares(api: Api) -> None:
    machine = fares(make_card(temperature_c=91, encoder_sessions=2, slowed=()))

    (told,) = api.results("machines/")

    assert (told["id"], told["host"], told["driver"]) == (machine.pk, machine.host, "580")
    (card,) = told["cards"]
    assert (card["id"], card["kind"], card["temperature_c"]) == ("GPU-1", "nvidia", 91)
    assert (card["encoder_sessions"], card["session_limit"], card["power_w"]) == (2, 8, None)
    (hold,) = told["holds"]
    assert (hold["rule"], hold["pauses"], hold["value"], hold["resume_at"]) == (
        "temperature", True, 91, 76
    )  # fmt: skip
    assert hold["resumes"] == "goes on at 76 °C or below for 60 s"
    assert told["how"]["load_per_core"] == 0.5
    assert (told["gpu_hold_c"], told["gpu_sessions"], told["version"]) == (83, None, 1)


def test_one_that_was_never_looked_at(api: Api) -> None:
    machine = Machine.objects.create(name="nas.1a2b", host="nas")

    told = api.get(f"machines/{machine.pk}/").json()

    assert (told["seen_at"], told["how"], told["cards"], told["holds"]) == (None, None, [], [])


def test_limits_are_changed_and_written_down(api: Api) -> None:
    machine = fares()

    changed = api.patch(f"machines/{machine.pk}/", {"gpu_hold_c": 70, "gpu_resume_c": 60})

    assert changed.status_code == 200
    assert (changed.json()["gpu_hold_c"], changed.json()["version"]) == (70, 2)
    entry = AuditEntry.objects.get(object_type="machines.machine")
    assert entry.changes == {"gpu_hold_c": [83, 70], "gpu_resume_c": [76, 60]}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"gpu_resume_c": 90}, "limits_refused"),
        ({"gpu_hold_c": 5}, "invalid"),
        ({"load_per_core": -1}, "invalid"),
        ({"host": "mine"}, "invalid"),
        ({"holds": []}, "invalid"),
    ],
)
def test_limits_that_make_no_sense_are_refused(api: Api, values: dict[str, Any], code: str) -> None:
    machine = fares()

    answer = api.patch(f"machines/{machine.pk}/", values)

    assert answer.status_code == 400
    assert answer.json()["type"].endswith(code)
    machine.refresh_from_db()
    assert (machine.gpu_resume_c, machine.version) == (76, 1)


def test_a_stale_edit_is_refused(api: Api) -> None:
    machine = fares()

    answer = api.send("PATCH", f"machines/{machine.pk}/", '{"gpu_hold_c": 80}',
                      {"If-Unmodified-Since-Version": "7"})  # fmt: skip

    assert answer.status_code == 412


def test_its_encoders_are_tried_anew_when_that_is_asked_for(api: Api) -> None:
    machine = fares()
    Machine.objects.filter(pk=machine.pk).update(abilities_key="known")

    assert api.post(f"machines/{machine.pk}/examine/").status_code == 204

    machine.refresh_from_db()
    assert machine.abilities_key == ""

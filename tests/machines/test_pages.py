"""Machines in the admin, on the board of jobs and on the first page."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core.models import AuditEntry
from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.machines.models import Machine
from tests.factories import make_library, make_user
from tests.machines.factories import WELL, fares, make_card

pytestmark = pytest.mark.django_db

HOT = make_card(temperature_c=91, memory_bytes=10 * 10**9, memory_free_bytes=4 * 10**9)
ENCODERS = Abilities(
    (
        Ability("libx264", "h264", encodes=True, ten_bit=True),
        Ability("h264_nvenc", "h264", encodes=True, card="GPU-1", card_name="RTX", decoder="cuda"),
        Ability("av1_nvenc", "av1", encodes=False, reason="<b>too old</b>", card="GPU-1"),
    ),
    ffmpeg="7.1",
)


def page_of(machine: Machine) -> str:
    return reverse("admin:machines_machine_change", args=[machine.pk])


def examined(machine: Machine) -> Machine:
    machine.abilities, machine.abilities_key = ENCODERS.to_json(), "known"
    machine.save()
    return machine


def as_role(role: Role) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


class TestPage:
    def test_it_shows_cards_holds_and_what_encodes(self, browser: Client) -> None:
        text = browser.get(page_of(examined(fares(HOT)))).content.decode()

        assert "the temperature is 91 °C" in text
        assert "goes on at 76 °C or below for 60 s" in text
        assert "work is paused" in text
        assert "6 GB of 10 GB" in text
        assert "sessions: at most 8" in text
        assert "h264_nvenc" in text
        assert "8 bit, decodes by cuda" in text
        assert "no such card" not in text
        assert "8 and 10 bit" in text
        assert "&lt;b&gt;too old&lt;/b&gt;" in text

    def test_its_live_part_comes_alone(self, browser: Client) -> None:
        text = browser.get(page_of(fares(HOT)), {"fragment": "live"}).content.decode()

        assert text.startswith('<section id="machine-now"')
        assert "Limits" not in text

    def test_one_that_was_never_looked_at_opens(self, browser: Client) -> None:
        machine = Machine.objects.create(name="nas.1a2b", host="nas")

        text = browser.get(page_of(machine)).content.decode()

        assert "not looked at yet" in text
        assert "Not tried yet" in text

    def test_names_from_outside_are_escaped(self, browser: Client) -> None:
        machine = fares(make_card(name="<script>card", temperature_c=91))

        text = browser.get(page_of(machine)).content.decode()

        assert "&lt;script&gt;card: the temperature" in text
        assert "<script>card" not in text

    def test_on_battery(self, browser: Client) -> None:
        machine = fares(host=replace(WELL, on_battery=True, battery_percent=41))

        text = browser.get(page_of(machine)).content.decode()

        assert "battery, 41%" in text
        assert "the machine runs on its battery" in text
        assert "goes on when there is mains power" in text


class TestLimits:
    def test_they_are_changed_and_written_down(self, browser: Client) -> None:
        machine = fares()
        sent = self._form(machine) | {"gpu_hold_c": "80", "load_per_core": ""}

        answer = browser.post(page_of(machine), sent)

        assert answer.status_code == 302
        machine.refresh_from_db()
        assert (machine.gpu_hold_c, machine.load_per_core) == (80, None)
        entry = AuditEntry.objects.get(object_type="machines.machine")
        assert entry.changes == {"gpu_hold_c": [83, 80], "load_per_core": [8.0, None]}

    def test_what_makes_no_sense_is_said_on_the_form(self, browser: Client) -> None:
        machine = fares()

        answer = browser.post(page_of(machine), self._form(machine) | {"gpu_resume_c": "90"})

        assert "at a lower temperature" in answer.content.decode()
        machine.refresh_from_db()
        assert machine.gpu_resume_c == 76

    def test_editors_see_but_do_not_change_them(self) -> None:
        machine, client = fares(), as_role(Role.EDITOR)

        text = client.get(page_of(machine)).content.decode()

        assert '<fieldset class="mh-limits" disabled>' in text
        assert client.post(page_of(machine), self._form(machine)).status_code == 403

    def test_operators_have_encoders_tried_anew(self) -> None:
        machine = examined(fares())

        answer = as_role(Role.OPERATOR).post(page_of(machine), {"deed": "examine"})

        assert answer.status_code == 302
        machine.refresh_from_db()
        assert machine.abilities_key == ""

    def _form(self, machine: Machine) -> dict[str, str]:
        names = [
            "gpu_hold_c", "gpu_resume_c", "gpu_pause_c", "gpu_free_mb", "load_per_core",
            "memory_percent", "disk_reserve_gb", "battery_pause_percent", "settle_seconds",
        ]  # fmt: skip
        values = {name: str(getattr(machine, name)) for name in names}
        return values | {"version": "1", "gpu_hold_slowed": "on", "hold_on_battery": "on"}


class TestElsewhere:
    def test_the_board_shows_them_to_who_may_see_them(self, browser: Client) -> None:
        machine, board = fares(HOT), reverse("admin:jobs_job_board")

        assert machine.host in browser.get(board).content.decode()
        seen = as_role(Role.EDITOR).get(board).content.decode()
        assert "the temperature is 91 °C" in seen

    def test_the_first_page_tells_what_is_held_and_nothing_else(self, browser: Client) -> None:
        make_library()
        fares(make_card(temperature_c=60))
        home = reverse("admin:index")
        assert "goes on at" not in browser.get(home).content.decode()

        fares(HOT)

        assert "goes on at 76 °C" in browser.get(home).content.decode()
        assert "goes on at" not in as_role(Role.VIEWER).get(home).content.decode()

    def test_the_list_says_how_each_is(self, browser: Client) -> None:
        examined(fares(HOT))

        text = browser.get(reverse("admin:machines_machine_changelist")).content.decode()

        assert "a card is paused" in text
        assert "NVIDIA GeForce RTX 3080" in text
        assert "h264" in text

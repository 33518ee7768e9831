"""What machines encode, and when they are tried anew."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.machines.models import Machine
from apps.machines.services import inventory, own, sampling
from apps.machines.services.inventory import NoProgram
from tests.machines.factories import fares, make_card, make_machine

pytestmark = pytest.mark.django_db

X264 = Ability("libx264", "h264", encodes=True)
NO_X265 = Ability("libx265", "hevc", encodes=False, reason="not in this build")
X265 = Ability("libx265", "hevc", encodes=True)
NVENC = Ability("h264_nvenc", "h264", encodes=True, card="GPU-1", device="0")


@pytest.fixture(autouse=True)
def _no_program_is_remembered() -> Iterator[None]:
    inventory._found.cache_clear()
    yield
    inventory._found.cache_clear()


def know(machine: Machine, *encoders: Ability, **values: Any) -> Machine:
    """As if the machine had been tried just now, with what it has now."""
    program = inventory._program()
    machine.abilities = Abilities(encoders, frozenset({"ssim"}), ffmpeg="5.1").to_json()
    machine.abilities_key = inventory._key(machine, program)
    machine.examined_at = timezone.now()
    for name, value in values.items():
        setattr(machine, name, value)
    machine.save()
    sampling.forget()
    return machine


def is_known() -> bool:
    machine = own.own_machine()
    return machine.abilities_key == inventory._key(machine, inventory._program())


def test_what_is_known_is_not_tried_again() -> None:
    know(fares(make_card()), NVENC, X264)

    found = inventory.abilities()

    assert found.that_encode("h264") == (NVENC, X264)
    assert found.filters == {"ssim"}


@pytest.mark.parametrize(
    ("card", "driver"), [("GPU-2", "580"), ("GPU-1", "590")], ids=["other card", "other driver"]
)
def test_another_card_or_driver_is_reason_to_try(card: str, driver: str) -> None:
    machine = know(fares(make_card()), NVENC)
    assert is_known()

    machine.cards[0]["id"], machine.sample["driver"] = card, driver
    machine.save()

    assert not is_known()


def test_what_was_tried_is_kept(settings: Any, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"  # it has no encoders: what trials are is tested where they are
    program.write_text("#!/bin/sh\necho ffmpeg version 7.1-test\n")
    program.chmod(0o700)
    settings.MEDIAHUB_FFMPEG = program

    first = inventory.abilities()
    tried_at = own.own_machine().examined_at
    second = inventory.abilities()

    assert first.ffmpeg == "7.1-test"
    assert {each.encoder: each.encodes for each in first.encoders}["libx264"] is False
    assert (second, own.own_machine().examined_at) == (first, tried_at)


def test_for_plans_all_machines_count() -> None:
    know(fares(), X264, NO_X265)
    know(make_machine(), NVENC, X265)

    found = inventory.all_abilities()

    assert {(each.encoder, each.encodes) for each in found.encoders} == {
        ("libx264", True), ("libx265", True), ("h264_nvenc", True),
    }  # fmt: skip
    assert found.ffmpeg == "5.1"


def test_but_not_those_that_are_long_gone() -> None:
    know(fares(), X264)
    know(make_machine(), NVENC, sampled_at=timezone.now() - timedelta(days=8))

    assert inventory.all_abilities().encoders == (X264,)


class TestRefusals:
    def known_for(self, minutes: int) -> None:
        at = timezone.now() - timedelta(minutes=minutes)
        know(fares(make_card(encoder_sessions=2)), NVENC, examined_at=at)

    def test_a_card_that_no_longer_encodes_is_tried_anew(self) -> None:
        self.known_for(11)

        inventory.note_refusal("GPU-1", "h264_nvenc", "card_lost")

        assert not is_known()

    def test_at_most_every_ten_minutes(self) -> None:
        self.known_for(9)

        inventory.note_refusal("GPU-1", "h264_nvenc", "card_lost")

        assert is_known()

    def test_what_is_the_files_fault_is_no_reason(self) -> None:
        self.known_for(60)

        inventory.note_refusal("GPU-1", "h264_nvenc", "decoder_refused")

        assert is_known()

    def test_of_too_many_sessions_the_limit_is_learnt(self) -> None:
        self.known_for(60)

        inventory.note_refusal("GPU-1", "h264_nvenc", "no_session")

        assert is_known()
        (learnt,) = own.own_machine().learnt.values()
        assert (learnt["sessions"], learnt["evidence"]) == (2, "h264_nvenc: no_session")

    def test_a_person_may_ask_for_it_at_any_time(self) -> None:
        self.known_for(0)

        inventory.examine_again(own.own_machine())

        assert not is_known()


def test_without_ffmpeg_nothing_is_encoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fares()
    monkeypatch.setattr(inventory, "_found", cache(lambda: None))

    with pytest.raises(NoProgram) as raised:
        inventory.abilities()
    assert raised.value.code == "no_ffmpeg"

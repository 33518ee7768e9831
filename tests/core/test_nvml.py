"""What NVIDIA's driver says of its cards."""

import threading
from typing import Any

import pynvml
import pytest

from apps.core.nvml import CardReading, Nvml
from tests.core.fake_nvml import GB, H200, RTX_3080, SILENT, FakeNvml


def read(*cards: Any) -> tuple[CardReading, ...]:
    reading = Nvml(FakeNvml(*cards)).read()
    assert reading.trouble == ""
    return reading.cards


def test_a_card_says_how_it_fares() -> None:
    (card,) = read(RTX_3080)

    assert card == CardReading(
        uuid="GPU-3080", index=0, name="NVIDIA GeForce RTX 3080",
        temperature_c=61, slowdown_c=95, memory_bytes=10 * GB, memory_free_bytes=7 * GB,
        gpu_percent=34, encoder_percent=71, decoder_percent=22, encoder_sessions=2,
        power_w=187.25, power_limit_w=320.0, slowed=(), is_divided=None,
    )  # fmt: skip


def test_a_divided_card_without_an_encoder_leaves_questions_open() -> None:
    (card,) = read(H200)

    assert (card.encoder_sessions, card.encoder_percent, card.gpu_percent) == (None, None, None)
    assert (card.is_divided, card.temperature_c, card.slowed) == (True, 37, ())


def test_what_is_not_supported_is_not_known_rather_than_nothing() -> None:
    (card,) = read(SILENT)

    assert card == CardReading("GPU-silent", 0, "NVIDIA GeForce GT 710")
    assert not card.lost


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("HwThermalSlowdown", ("too hot (by the card)",)),
        ("SwThermalSlowdown", ("too hot (by the driver)",)),
        ("HwPowerBrakeSlowdown", ("power brake",)),
        ("SwPowerCap", ()),  # as it should be under full load
        ("GpuIdle", ()),
    ],
)
def test_it_says_why_it_is_slowed_for_its_own_sake(reason: str, said: tuple[str, ...]) -> None:
    mask = getattr(pynvml, f"nvmlClocksThrottleReason{reason}")

    assert read({**RTX_3080, "CurrentClocksEventReasons": mask})[0].slowed == said


def test_older_libraries_have_another_name_for_that() -> None:
    old = {k: v for k, v in RTX_3080.items() if k != "CurrentClocksEventReasons"}
    hot = pynvml.nvmlClocksThrottleReasonHwThermalSlowdown

    (card,) = read({**old, "CurrentClocksThrottleReasons": hot})

    assert card.slowed == ("too hot (by the card)",)


class TestTrouble:
    def test_without_a_driver_there_are_no_cards_and_no_trouble(self) -> None:
        driver = FakeNvml(RTX_3080)
        driver.refuses = pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
        asked = Nvml(driver)

        assert (asked.read().cards, asked.read().trouble, asked.count()) == ((), "", 0)

    def test_a_driver_that_was_upgraded_wants_a_restart(self) -> None:
        driver = FakeNvml(RTX_3080)
        driver.refuses = pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH

        assert "restart" in Nvml(driver).read().trouble

    @pytest.mark.parametrize("error", [pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_UNKNOWN])
    def test_a_card_that_fell_off_is_told_by_its_name_and_the_others_go_on(
        self, error: int
    ) -> None:
        driver = FakeNvml(RTX_3080, {**RTX_3080, "UUID": "GPU-2"})
        asked = Nvml(driver)
        asked.read()
        driver.cards[0] = error

        lost, other = asked.read().cards

        assert (lost.uuid, lost.name, lost.lost) == ("GPU-3080", "NVIDIA GeForce RTX 3080", True)
        assert lost.temperature_c is None
        assert (other.uuid, other.lost, other.temperature_c) == ("GPU-2", False, 61)

    def test_one_that_falls_off_between_two_questions_is_lost(self) -> None:
        (card,) = read({**RTX_3080, "PowerUsage": pynvml.NVMLError_GpuIsLost()})

        assert card.lost
        assert card.temperature_c is None

    def test_the_conversation_is_begun_anew_after_a_loss(self) -> None:
        driver = FakeNvml(RTX_3080)
        asked = Nvml(driver)
        asked.read()
        asked.read()
        assert (driver.begun, driver.ended) == (1, 0)
        driver.cards[0] = pynvml.NVML_ERROR_GPU_IS_LOST
        asked.read()
        driver.cards[0] = RTX_3080

        (card,) = asked.read().cards

        assert (driver.begun, driver.ended, card.lost) == (2, 1, False)

    def test_a_driver_that_never_answers_is_not_waited_for(self) -> None:
        driver, answers = FakeNvml(RTX_3080), threading.Event()

        class Hanging(FakeNvml):
            def nvmlSystemGetDriverVersion(self) -> str:
                self.begun += 1
                answers.wait(30)
                return self.driver

        hanging = Hanging(*driver.cards)
        asked = Nvml(hanging)
        first, second = asked.read_within(0.01), asked.read_within(30)  # it isn't waited for again
        answers.set()
        for thread in threading.enumerate():
            if thread.name == "nvml":
                thread.join(30)

        assert "doesn't answer" in first.trouble
        assert second == first
        assert hanging.begun == 2  # it was begun with once, and asked once
        assert asked.read_within(10).cards[0].uuid == "GPU-3080"


@pytest.mark.gpu
def test_a_real_card_says_what_it_is() -> None:
    reading = Nvml().read()
    if not reading.cards:
        pytest.skip("there is no card here")

    assert reading.driver
    assert reading.cards
    for card in reading.cards:
        assert card.uuid.startswith(("GPU-", "MIG-"))
        assert not card.lost
        assert card.temperature_c is None or 0 < card.temperature_c < 120
        assert card.memory_bytes is None or card.memory_bytes > 0

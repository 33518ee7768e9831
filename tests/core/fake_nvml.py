"""A driver that answers what a test gives it: pynvml's functions, pynvml's errors.

The answers of the cards below were written after NVIDIA's reference of NVML and what people's
tools print; none was recorded on a card by us. A question without an answer is "not supported".
"""

from types import SimpleNamespace
from typing import Any

import pynvml

GB = 1024**3

RTX_3080: dict[str, Any] = {
    "UUID": "GPU-3080",
    "Name": "NVIDIA GeForce RTX 3080",
    "Temperature": 61,
    "TemperatureThreshold": 95,
    "MemoryInfo": SimpleNamespace(total=10 * GB, free=7 * GB, used=3 * GB),
    "UtilizationRates": SimpleNamespace(gpu=34, memory=12),
    "EncoderUtilization": [71, 167_000],
    "DecoderUtilization": [22, 167_000],
    "EncoderStats": (2, 118, 8_400),
    "PowerUsage": 187_250,
    "EnforcedPowerLimit": 320_000,
    "CurrentClocksEventReasons": 0,
}
# a card for sums: no encoder, and some of its questions are no longer answered once it is divided
H200: dict[str, Any] = {
    "UUID": "GPU-h200",
    "Name": "NVIDIA H200",
    "Temperature": 37,
    "TemperatureThreshold": 92,
    "MemoryInfo": SimpleNamespace(total=140 * GB, free=139 * GB, used=GB),
    "PowerUsage": 76_113,
    "EnforcedPowerLimit": 700_000,
    "CurrentClocksEventReasons": pynvml.nvmlClocksThrottleReasonGpuIdle,
    "MigMode": [1, 1],
}
SILENT: dict[str, Any] = {"UUID": "GPU-silent", "Name": "NVIDIA GeForce GT 710"}


class FakeNvml:
    """``cards`` are dictionaries of answers, or an error that the card gives to every question."""

    NVML_TEMPERATURE_GPU = pynvml.NVML_TEMPERATURE_GPU
    NVML_TEMPERATURE_THRESHOLD_SLOWDOWN = pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN

    def __init__(self, *cards: Any, driver: str = "580.95.05") -> None:
        self.cards: list[Any] = list(cards)
        self.driver = driver
        self.refuses: int | None = None  # an error of the driver as a whole
        self.begun = 0
        self.ended = 0

    def nvmlInit(self) -> None:
        if self.refuses is not None:
            raise pynvml.NVMLError(self.refuses)
        self.begun += 1

    def nvmlShutdown(self) -> None:
        self.ended += 1

    def nvmlSystemGetDriverVersion(self) -> str:
        return self.driver

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        card = self.cards[index]
        if isinstance(card, int):
            raise pynvml.NVMLError(card)
        return card

    def __getattr__(self, name: str) -> Any:
        question = name.removeprefix("nvmlDeviceGet")

        def answer(card: dict[str, Any], *_more: Any) -> Any:
            given = card.get(question, pynvml.NVMLError_NotSupported())
            if isinstance(given, Exception):
                raise given
            return given

        return answer

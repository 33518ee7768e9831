"""What NVIDIA's driver says of its graphics cards. The one module that asks it.

Cards and drivers leave questions open ("not supported"): an open one is ``None`` here, never 0.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pynvml

_Value = TypeVar("_Value")

# By name of pynvml's constant: newer libraries call them EventReasons, older ThrottleReasons.
_SLOWED = {
    "HwThermalSlowdown": "too hot (by the card)",
    "SwThermalSlowdown": "too hot (by the driver)",
    "HwPowerBrakeSlowdown": "power brake",
    "HwSlowdown": "slowed by the card",
}
_GONE = (
    pynvml.NVMLError_GpuIsLost,
    pynvml.NVMLError_Unknown,
    pynvml.NVMLError_Uninitialized,
    pynvml.NVMLError_DriverNotLoaded,
)


@dataclass(frozen=True, slots=True)
class CardReading:
    """One card now. Degrees Celsius, bytes, per cent, watts; ``None``: it doesn't say.

    ``index`` is what CUDA calls it if its order is that of the bus. ``slowed`` says why the card
    runs slower than it could for its own sake, empty if it doesn't. A ``lost`` card fell off the
    bus, or out of the container: nothing more is known of it.
    """

    uuid: str
    index: int
    name: str = ""
    lost: bool = False
    temperature_c: int | None = None
    slowdown_c: int | None = None
    memory_bytes: int | None = None
    memory_free_bytes: int | None = None
    gpu_percent: int | None = None
    encoder_percent: int | None = None
    decoder_percent: int | None = None
    encoder_sessions: int | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    slowed: tuple[str, ...] | None = None
    is_divided: bool | None = None  # by MIG


@dataclass(frozen=True, slots=True)
class Reading:
    """All cards. ``trouble`` says why none could be asked; without a driver that is no trouble."""

    driver: str = ""
    cards: tuple[CardReading, ...] = ()
    trouble: str = ""


class _Asking:
    """A question in a thread of its own."""

    def __init__(self, ask: Callable[[], Reading]) -> None:
        self._ask = ask
        self._answer: Reading | None = None
        self._thread = threading.Thread(target=self._run, name="nvml", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> Reading | None:
        self._thread.join(seconds)
        return self._answer

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._answer = self._ask()


class Nvml:
    """A conversation with the driver, kept up between readings and begun anew when it broke off.

    ``library`` has pynvml's functions. Safe for threads; a forked child begins a conversation of
    its own.
    """

    def __init__(self, library: Any = pynvml) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._asking: _Asking | None = None
        self._begun_by = 0  # the process
        self._known: dict[int, tuple[str, str]] = {}

    def read(self) -> Reading:
        """Ask for everything. Takes milliseconds, the first time up to a second."""
        with self._lock:
            try:
                self._begin()
                driver = str(self._library.nvmlSystemGetDriverVersion())
                count = int(self._library.nvmlDeviceGetCount())
            except pynvml.NVMLError as error:
                self._break_off()
                return Reading(trouble=_say(error))
            cards = tuple(self._card(index) for index in range(count))
            if any(card.lost for card in cards):
                self._break_off()
            return Reading(driver=driver, cards=cards)

    def read_within(self, seconds: float) -> Reading:
        """Ask, but wait for the answer only so long: a driver that lost a card may never give one.

        While it still owes an answer it isn't asked again, nor waited for.
        """
        patience_s = 0.0
        if self._asking is None:
            self._asking, patience_s = _Asking(self.read), seconds
        reading = self._asking.wait(patience_s)
        if self._asking.is_over:
            self._asking = None
        if reading is None:
            return Reading(trouble="NVIDIA's driver doesn't answer: it may have lost a card.")
        return reading

    def forget(self) -> None:
        """What a forked child does: neither locks nor questions of the parent's are its own."""
        self._lock, self._asking, self._begun_by = threading.Lock(), None, 0

    def count(self) -> int:
        """How many cards there are; none without a driver."""
        with self._lock:
            try:
                self._begin()
                return int(self._library.nvmlDeviceGetCount())
            except pynvml.NVMLError:
                self._break_off()
                return 0

    def _begin(self) -> None:
        if self._begun_by != os.getpid():
            self._library.nvmlInit()
            self._begun_by = os.getpid()

    def _break_off(self) -> None:
        if self._begun_by == os.getpid():
            self._begun_by = 0
            try:
                self._library.nvmlShutdown()
            except pynvml.NVMLError:
                return  # it is over already

    def _card(self, index: int) -> CardReading:
        """One card's answers; those that it doesn't give are left open."""
        ask = self._library
        try:
            handle = ask.nvmlDeviceGetHandleByIndex(index)
            uuid, name = str(ask.nvmlDeviceGetUUID(handle)), str(ask.nvmlDeviceGetName(handle))
            self._known[index] = uuid, name
            return _read_card(ask, handle, CardReading(uuid, index, name))
        except pynvml.NVMLError:
            uuid, name = self._known.get(index, (f"card {index}", ""))
            return CardReading(uuid, index, name, lost=True)


def _read_card(ask: Any, handle: Any, card: CardReading) -> CardReading:
    """Raises NVMLError if the card went away meanwhile."""
    memory = _open(lambda: ask.nvmlDeviceGetMemoryInfo(handle))
    load = _open(lambda: ask.nvmlDeviceGetUtilizationRates(handle))
    encoder = _open(lambda: ask.nvmlDeviceGetEncoderUtilization(handle))
    decoder = _open(lambda: ask.nvmlDeviceGetDecoderUtilization(handle))
    sessions = _open(lambda: ask.nvmlDeviceGetEncoderStats(handle))
    power = _open(lambda: ask.nvmlDeviceGetPowerUsage(handle))
    limit = _open(lambda: ask.nvmlDeviceGetEnforcedPowerLimit(handle))
    mig = _open(lambda: ask.nvmlDeviceGetMigMode(handle))
    slowdown = ask.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
    return CardReading(
        uuid=card.uuid,
        index=card.index,
        name=card.name,
        temperature_c=_open(
            lambda: int(ask.nvmlDeviceGetTemperature(handle, ask.NVML_TEMPERATURE_GPU))
        ),
        slowdown_c=_open(lambda: int(ask.nvmlDeviceGetTemperatureThreshold(handle, slowdown))),
        memory_bytes=int(memory.total) if memory else None,
        memory_free_bytes=int(memory.free) if memory else None,
        gpu_percent=int(load.gpu) if load else None,
        encoder_percent=int(encoder[0]) if encoder else None,
        decoder_percent=int(decoder[0]) if decoder else None,
        encoder_sessions=int(sessions[0]) if sessions else None,
        power_w=None if power is None else power / 1000,
        power_limit_w=None if limit is None else limit / 1000,
        slowed=_slowed(ask, handle),
        is_divided=bool(mig[0]) if mig else None,
    )


def _open(ask: Callable[[], _Value]) -> _Value | None:
    """An answer, or None where there is none; what says that the card is gone travels up."""
    try:
        return ask()
    except _GONE:
        raise
    except pynvml.NVMLError:  # not supported, no permission, an older driver
        return None


def _slowed(ask: Any, handle: Any) -> tuple[str, ...] | None:
    mask = _open(lambda: int(ask.nvmlDeviceGetCurrentClocksEventReasons(handle)))
    if mask is None:
        mask = _open(lambda: int(ask.nvmlDeviceGetCurrentClocksThrottleReasons(handle)))
    if mask is None:
        return None
    bits = {name: getattr(pynvml, f"nvmlClocksThrottleReason{name}") for name in _SLOWED}
    return tuple(_SLOWED[name] for name, bit in bits.items() if mask & bit)


def _say(error: pynvml.NVMLError) -> str:
    """What keeps the driver from answering; nothing where there is none."""
    if isinstance(error, pynvml.NVMLError_LibraryNotFound):
        return ""
    if isinstance(error, pynvml.NVMLError_LibRmVersionMismatch):
        return "NVIDIA's driver was upgraded: restart the machine, or its container."
    return f"NVIDIA's driver doesn't answer: {error}."


nvml = Nvml()
"""This process's conversation."""
os.register_at_fork(after_in_child=nvml.forget)

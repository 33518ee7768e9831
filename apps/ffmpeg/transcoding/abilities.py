"""What this machine really encodes, by card and encoder: found by encoding, never from lists."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Card:
    """One graphics card: its lasting ``id``, the kernel's driver for it (``nvidia``, ``i915``,
    ``xe``, ``amdgpu``, or ``apple``), and how ffmpeg is told of it, as in Ability.
    """

    id: str
    kind: str
    device: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ability:
    """One encoder on one card (``card`` is empty for the processor) and what came of its trial.

    ``device`` is how ffmpeg is told of the card: its number for CUDA, a path for VAAPI and QSV.
    ``decoder`` is the hardware decoder that goes with it, if that works too. ``reduced``: it works
    only without the options that older cards lack. ``reason`` says why it doesn't encode.
    """

    encoder: str
    codec: str
    encodes: bool
    reason: str = ""
    card: str = ""
    card_name: str = ""
    device: str = ""
    decoder: str = ""
    ten_bit: bool = False
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """Everything that bears on a plan. ``filters`` are the names of ffmpeg's filters that matter.

    ``ffmpeg`` is the version; trials hold for it and for ``driver``, and are made anew for others.
    """

    encoders: tuple[Ability, ...] = ()
    filters: frozenset[str] = frozenset()
    ffmpeg: str = ""
    driver: str = ""

    def that_encode(self, codec: str) -> tuple[Ability, ...]:
        """Those that make ``codec``, cards first, in the order in which they were tried."""
        found = [one for one in self.encoders if one.encodes and one.codec == codec]
        return tuple(sorted(found, key=lambda one: not one.card))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "filters": sorted(self.filters)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        known = dict(stored)
        known["encoders"] = tuple(Ability(**one) for one in known.get("encoders", ()))
        known["filters"] = frozenset(known.get("filters", ()))
        return cls(**known)

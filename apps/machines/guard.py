"""When a machine is spared, and when it may work again: sums alone, of values and times given.

A value that reaches ``hold_at`` keeps new work from starting, one that reaches ``pause_at`` also
stops work under way. Both last until the value has been back at ``resume_at`` for a while, so that
a card that cools down as soon as it rests isn't woken and sent to rest every few seconds.
"""

from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Any, Self


class Level(IntEnum):
    """How far a machine or one of its cards is to be spared."""

    OK = 0
    HOLD = 1  # nothing new is started
    PAUSE = 2  # what is under way stands still, too


@dataclass(frozen=True, slots=True)
class Rule:
    """What is watched, in words (``the temperature``), and where its limits are.

    ``rising``: it is the worse the higher; else the lower. Without ``unit`` the value is yes or no,
    and ``what`` a whole sentence. ``resumes`` replaces the words for the end of a hold.
    """

    name: str
    what: str
    hold_at: float
    resume_at: float
    pause_at: float | None = None
    unit: str = ""
    rising: bool = True
    settle_s: float = 60.0
    resumes: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands for a machine, or for one of its cards.

    ``since`` is when the hold began, ``calm_since`` from when on the value has been good again;
    seconds since 1970. ``value`` is the last one that was known.
    """

    level: Level = Level.OK
    value: float | None = None
    since: float | None = None
    calm_since: float | None = None


_WELL = Standing()


def judge(rule: Rule, before: Standing, value: float | None, *, now: float) -> Standing:
    """How a rule stands after a look at ``now`` (seconds since 1970).

    A value that isn't known (None) holds nothing back, and ends a hold after as long a time as a
    good one would.
    """
    if _reaches(rule, value, rule.pause_at):
        return _held(before, Level.PAUSE, value, now=now)
    if _reaches(rule, value, rule.hold_at):
        return _held(before, max(before.level, Level.HOLD), value, now=now)
    if before.level == Level.OK:
        return replace(_WELL, value=value)
    if value is not None and not _is_good(rule, value):
        return _held(before, before.level, value, now=now)
    calm_since = now if before.calm_since is None else min(before.calm_since, now)
    if now - calm_since >= rule.settle_s:
        return replace(_WELL, value=value)
    known = before.value if value is None else value
    return replace(before, value=known, calm_since=calm_since)


def _held(before: Standing, level: Level, value: float | None, *, now: float) -> Standing:
    return Standing(level, value, now if before.since is None else before.since)


def _reaches(rule: Rule, value: float | None, limit: float | None) -> bool:
    if value is None or limit is None:
        return False
    return value >= limit if rule.rising else value <= limit


def _is_good(rule: Rule, value: float) -> bool:
    return value <= rule.resume_at if rule.rising else value >= rule.resume_at


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, as it is kept and shown: which rule, of what, since when, until what.

    ``card`` is the id of the card that it is about, empty for the whole machine.
    """

    rule: str
    card: str
    card_name: str
    level: int
    value: float | None
    limit: float
    resume_at: float
    unit: str
    since: float
    calm_since: float | None
    text: str
    resumes: str

    @property
    def standing(self) -> Standing:
        return Standing(Level(self.level), self.value, self.since, self.calm_since)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)


def held(rule: Rule, standing: Standing, *, card: str = "", card_name: str = "") -> Held:
    """A standing that isn't OK, in words."""
    pauses = standing.level == Level.PAUSE and rule.pause_at is not None
    limit = rule.pause_at if pauses and rule.pause_at is not None else rule.hold_at
    whose = f"{card_name}: " if card_name else ""
    value = say_value(rule, standing.value)
    return Held(
        rule=rule.name, card=card, card_name=card_name, level=int(standing.level),
        value=standing.value, limit=limit, resume_at=rule.resume_at, unit=rule.unit,
        since=standing.since or 0.0, calm_since=standing.calm_since,
        text=f"{whose}{rule.what}{f' is {value}' if value else ''}", resumes=_resumes(rule),
    )  # fmt: skip


def _resumes(rule: Rule) -> str:
    """``goes on at 76 °C or below for 60 s``."""
    after = f" for {rule.settle_s:g} s" if rule.settle_s else ""
    if rule.resumes:
        return f"goes on when {rule.resumes}{after}"
    side = "or below" if rule.rising else "or more"
    return f"goes on at {say_value(rule, rule.resume_at)} {side}{after}"


def say_value(rule: Rule, value: float | None) -> str:
    """``84 °C``, ``1.5 GB``; nothing for what is yes or no."""
    if not rule.unit:
        return ""
    if value is None:
        return "not known"
    number = f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"
    return f"{number}{'' if rule.unit == '%' else ' '}{rule.unit}"

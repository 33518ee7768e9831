"""A machine, ready to print."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.core.units import say_ago, say_bytes, say_seconds
from apps.machines.guard import Held, Level
from apps.machines.models import Machine
from apps.machines.services.gates import holds_of
from apps.machines.services.state import CardNow, cards_now, host_now

PICTURES = ("h264", "hevc", "av1", "vp9")
_SILENT_S = 60


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure, with how far it is on its way to the worst if that is known (per cent).

    ``is_brief``: it is told at a glance, too.
    """

    label: str
    value: str
    percent: int | None = None
    is_bad: bool = False
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold in words: what is the matter, until when, since when."""

    text: str
    resumes: str
    since: str
    settling: str
    pauses: bool


@dataclass(frozen=True, slots=True)
class CardView:
    id: str
    name: str
    state: str
    variant: str
    gauges: list[Gauge]
    facts: list[str]


@dataclass(frozen=True, slots=True)
class EncoderView:
    """What came of one trial."""

    encoder: str
    codec: str
    where: str
    works: bool
    told: str


@dataclass(frozen=True, slots=True)
class MachineView:
    pk: int
    host: str
    state: str
    variant: str
    seen: str
    trouble: str
    gauges: list[Gauge]
    cards: list[CardView]
    holds: list[HoldView]


def machine_view(machine: Machine, *, now: datetime) -> MachineView:
    """How a machine was at its last look at itself."""
    holds = holds_of(machine)
    state, variant = _state(machine, holds, now=now)
    return MachineView(
        pk=machine.pk,
        host=machine.host,
        state=state,
        variant=variant,
        seen=say_ago(machine.sampled_at, now=now),
        trouble=str(machine.sample.get("trouble", "")),
        gauges=_host_gauges(machine, holds),
        cards=[_card(card, holds) for card in cards_now(machine)],
        holds=[_hold(each, now=now) for each in holds],
    )


def encoder_views(machine: Machine) -> list[EncoderView]:
    """Its encoders as they were tried, those that work first, of these those of pictures."""
    known = {card["id"] for card in machine.cards}
    found = [_encoder(each, known) for each in machine.abilities.get("encoders", ())]
    return sorted(
        found,
        key=lambda each: (not each.works, each.codec not in PICTURES, each.codec, each.encoder),
    )


def _state(machine: Machine, holds: list[Held], *, now: datetime) -> tuple[str, str]:
    if machine.sampled_at is None:
        return "not looked at yet", "default"
    if (now - machine.sampled_at).total_seconds() > _SILENT_S:
        return "not heard of", "default"
    level = max((each.level for each in holds), default=Level.OK)
    if level == Level.OK:
        return "fit for work", "success"
    whole = any(not each.card and each.level == level for each in holds)
    word = "paused" if level == Level.PAUSE else "held"
    return (word if whole else f"a card is {word}"), "danger" if level == Level.PAUSE else "warning"


def _host_gauges(machine: Machine, holds: list[Held]) -> list[Gauge]:
    host = host_now(machine)
    if host is None:
        return []
    bad = {each.rule for each in holds if not each.card}
    free = host.memory_percent
    cores = f"{host.cores} core{'' if host.cores == 1 else 's'}"
    gauges = [
        Gauge(
            "Load of each core", _number(host.load_per_core, cores),
            _share(host.load_per_core, machine.load_per_core), "load" in bad, is_brief=True,
        ),
        Gauge(
            "Memory available", say_bytes(host.memory_available_bytes) or "not known",
            None if free is None else 100 - round(free), "memory" in bad, is_brief=True,
        ),
        Gauge("Free in the data folder", say_bytes(host.disk_free_bytes), None, "disk" in bad),
    ]  # fmt: skip
    if host.on_battery is not None:
        charge = f", {host.battery_percent:.0f}%" if host.battery_percent is not None else ""
        source = "battery" if host.on_battery else "mains"
        is_bad = bool(bad & {"mains", "battery"})
        gauges.append(Gauge("Power", f"{source}{charge}", None, is_bad, is_brief=True))
    return gauges


def _card(card: CardNow, holds: list[Held]) -> CardView:
    own = [each for each in holds if each.card == card.id]
    bad, level = {each.rule for each in own}, max((each.level for each in own), default=Level.OK)
    words = {Level.OK: "free", Level.HOLD: "held", Level.PAUSE: "paused"}
    state = "lost" if card.reading.lost else words[Level(level)]
    variants = {"free": "success", "held": "warning"}
    return CardView(
        id=card.id, name=card.name, state=state, variant=variants.get(state, "danger"),
        gauges=_card_gauges(card, bad), facts=_card_facts(card),
    )  # fmt: skip


def _card_gauges(card: CardNow, bad: set[str]) -> list[Gauge]:
    now = card.reading
    total, free = now.memory_bytes, now.memory_free_bytes
    used = None if total is None or free is None else total - free
    gauges = [
        Gauge(
            "Temperature", _number(now.temperature_c, "°C"),
            _share(now.temperature_c, now.slowdown_c), "temperature" in bad, is_brief=True,
        ),
        Gauge(
            "Memory", "not known" if used is None else f"{say_bytes(used)} of {say_bytes(total)}",
            _share(used, total), "card_memory" in bad, is_brief=True,
        ),
        Gauge(
            "Encoder", _percent(now.encoder_percent), now.encoder_percent, "encoder" in bad,
            is_brief=True,
        ),
        Gauge("Decoder", _percent(now.decoder_percent), now.decoder_percent),
        Gauge("All of it", _percent(now.gpu_percent), now.gpu_percent),
        Gauge("Power", _power(card), _share(now.power_w, now.power_limit_w)),
    ]  # fmt: skip
    return [gauge for gauge in gauges if gauge.value != "not known"]


def _card_facts(card: CardNow) -> list[str]:
    now = card.reading
    learnt = ", learnt from what it refused" if card.is_learnt else ""
    most = f"at most {card.session_limit}{learnt}"
    open_now = "" if now.encoder_sessions is None else f"{now.encoder_sessions} open, "
    facts = [f"sessions: {open_now}{most}"]
    if now.slowed:
        facts.append(f"slowed down: {', '.join(now.slowed)}")
    if now.is_divided:
        facts.append("divided (MIG)")
    return [*facts, card.id]


def _power(card: CardNow) -> str:
    now = card.reading
    if now.power_w is None:
        return "not known"
    most = "" if now.power_limit_w is None else f" of {now.power_limit_w:.0f}"
    return f"{now.power_w:.0f}{most} W"


def _hold(held: Held, *, now: datetime) -> HoldView:
    since = datetime.fromtimestamp(held.since, tz=UTC)
    settling = ""
    if held.calm_since is not None:
        calm_s = max(0.0, now.timestamp() - held.calm_since)
        settling = f"it has been good again for {say_seconds(calm_s)}"
    return HoldView(
        text=held.text,
        resumes=held.resumes,
        since=say_ago(since, now=now),
        settling=settling,
        pauses=held.level == Level.PAUSE,
    )


def _encoder(tried: dict[str, Any], known: set[str]) -> EncoderView:
    works, is_picture = bool(tried.get("encodes")), tried["codec"] in PICTURES
    bits = "8 and 10 bit" if tried.get("ten_bit") else "8 bit"
    notes = [
        bits if is_picture else "",
        "with the options of older cards" if tried.get("reduced") else "",
        f"decodes by {tried['decoder']}" if tried.get("decoder") else "",
    ]
    told = ", ".join(filter(None, notes)) if works else str(tried.get("reason", ""))
    where = str(tried.get("card_name") or tried.get("card") or "the processor")
    if tried.get("card") and tried["card"] not in known:  # tried as if there were one
        where = "no such card"
    return EncoderView(str(tried["encoder"]), str(tried["codec"]), where, works, told or "works")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "not known"
    return f"{value:g} ({unit})" if unit.endswith(("core", "cores")) else f"{value:g} {unit}"


def _percent(value: int | None) -> str:
    return "not known" if value is None else f"{value}%"


def _share(value: float | None, whole: float | None) -> int | None:
    if value is None or not whole:
        return None
    return min(100, round(100 * value / whole))

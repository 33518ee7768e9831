"""Whether this machine is in a state for work: asked before jobs start, and while they run."""

from django.conf import settings

from apps.machines.guard import Held, Level
from apps.machines.models import Machine
from apps.machines.services import sampling

NO_CARD = "this machine has no graphics card"


def why_not_start(*, gpu: bool) -> str:
    """Why no work is to be started here now, with what it waits for; empty if it may start.

    With ``gpu`` also if no graphics card is free of holds. Cheap: asked of the machine itself at
    most once in five seconds by all processes together.
    """
    return _why(Level.HOLD, gpu=gpu)


def why_pause(*, gpu: bool, card: str = "") -> str:
    """Why work under way is to stand still now; empty if it goes on.

    With ``gpu`` also for what is the matter with the graphics card that it uses, by its id.
    """
    return _why(Level.PAUSE, gpu=gpu, card=card)


def holds_of(machine: Machine, *, least: Level = Level.HOLD) -> list[Held]:
    """What is held back on a machine, as it was last looked at."""
    holds = [Held.from_json(each) for each in machine.holds]
    return [each for each in holds if each.level >= least]


def free_cards(machine: Machine) -> list[str]:
    """The ids of its graphics cards that no hold is about."""
    held = {each.card for each in holds_of(machine)}
    return [card["id"] for card in machine.cards if card["id"] not in held]


def _why(least: Level, *, gpu: bool, card: str = "") -> str:
    if not settings.MEDIAHUB_GUARDS:
        return ""
    machine = sampling.latest()
    holds = holds_of(machine, least=least)
    if whole := [each for each in holds if not each.card]:
        return say(whole[0])
    if not gpu:
        return ""
    cards = [card] if card else [each["id"] for each in machine.cards]
    if not cards:
        return NO_CARD if least == Level.HOLD else ""
    about = {each.card: each for each in reversed(holds)}
    return say(about[cards[0]]) if all(each in about for each in cards) else ""


def say(held: Held) -> str:
    """What is the matter, and what it waits for."""
    return f"{held.text}; {held.resumes}"

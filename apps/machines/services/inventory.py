"""What the machines really encode: found by encoding, kept until something that matters changes."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b

from django.conf import settings
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.ffmpeg.binaries import Program, find_binaries
from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.machines.models import Machine
from apps.machines.services import sampling, seats
from apps.machines.services.examining import examine_with
from apps.machines.services.seat_files import one_at_a_time

_TOO_MANY = "no_session"
# what says something of the card or the driver, not of one file or of how busy the card is
_LASTING = frozenset({
    "no_nvenc", "driver_too_old", "no_video_capability", "no_driver", "card_lost", "no_device",
    "no_va_display",
})  # fmt: skip
_DOUBTED_EVERY = timedelta(minutes=10)


class NoProgram(MediaHubError):
    """There is no ffmpeg here."""

    code = "no_ffmpeg"
    status = 503


def abilities() -> Abilities:
    """What this machine encodes now. The first time, and after a change of ffmpeg, of the driver or
    of the cards, it is tried, which takes some seconds. Raises NoProgram.
    """
    machine, program = sampling.latest(), _program()
    if machine.abilities_key == _key(machine, program):
        return Abilities.from_json(machine.abilities)
    with one_at_a_time("examining"):  # trials of two processes would take each other's sessions
        machine.refresh_from_db()
        key = _key(machine, program)
        if machine.abilities_key != key:
            found = examine_with(program, machine)
            machine.abilities, machine.abilities_key = found.to_json(), key
            machine.examined_at = timezone.now()
            machine.save(update_fields=["abilities", "abilities_key", "examined_at"])
    return Abilities.from_json(machine.abilities)


def all_abilities() -> Abilities:
    """What all machines that were seen lately encode, for plans: each encoder by its best trial.

    While nothing is known of any, this machine is tried.
    """
    machines = Machine.objects.examined().seen_lately(now=timezone.now()).order_by("-sampled_at")
    known = [Abilities.from_json(machine.abilities) for machine in machines]
    if not known:
        return abilities()
    return join(known)


def join(known: Sequence[Abilities]) -> Abilities:
    """Abilities of several machines as if they were one's; the first gives version and driver."""
    best: dict[tuple[str, str], Ability] = {}
    for each in (ability for one in known for ability in one.encoders):
        key = each.encoder, each.card
        if key not in best or (each.encodes and not best[key].encodes):
            best[key] = each
    filters = frozenset[str]().union(*(one.filters for one in known))
    return Abilities(tuple(best.values()), filters, known[0].ffmpeg, known[0].driver)


def note_refusal(card: str, encoder: str, code: str) -> None:
    """A card refused to encode while it was at work; ``code`` is what ``classify`` made of it.

    Of too many sessions the limit is learnt: call it when the seat has been given back. What isn't
    the file's fault is reason to try all encoders of the machine anew, at most every ten minutes.
    """
    if code == _TOO_MANY:
        seats.learn_refusal(card, evidence=f"{encoder}: {code}")
    elif code in _LASTING:
        doubt()


def doubt(*, now: datetime | None = None) -> bool:
    """A card refused what it did in its trial: have this machine tried again by whoever asks next.

    Not within ten minutes of the last time; whether it will be.
    """
    machine = sampling.latest()
    due = (now or timezone.now()) - _DOUBTED_EVERY
    changed = Machine.objects.filter(pk=machine.pk, examined_at__lt=due).update(abilities_key="")
    sampling.forget()
    return bool(changed)


def examine_again(machine: Machine) -> None:
    """Have a machine tried anew when something there next asks what it encodes."""
    Machine.objects.filter(pk=machine.pk).update(abilities_key="")
    sampling.forget()


def _key(machine: Machine, program: Program) -> str:
    """What the trials depend on. A file stands for its version: that costs no process."""
    file = os.stat(program.path)
    parts = [
        program.path, program.version, file.st_size, file.st_mtime_ns,
        machine.sample.get("driver", ""), *sorted(card["id"] for card in machine.cards),
    ]  # fmt: skip
    return blake2b("\n".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def _program() -> Program:
    found = _found()
    if found is None:
        raise NoProgram("Nothing can be encoded here: no ffmpeg was found (see Health).")
    return found


@cache
def _found() -> Program | None:
    given = settings.MEDIAHUB_FFMPEG
    return find_binaries(ffmpeg=str(given) if given else None).ffmpeg

"""Trying what ffmpeg encodes on each of a machine's cards, and on its processor."""

from apps.ffmpeg.binaries import Program
from apps.ffmpeg.transcoding.abilities import Abilities, Card
from apps.ffmpeg.transcoding.trials import examine
from apps.machines.models import Machine


def examine_with(program: Program, machine: Machine) -> Abilities:
    """Encode a little with every encoder. Takes some seconds."""
    cards = [
        Card(card["id"], card["kind"], device=card.get("device", ""), name=card.get("name", ""))
        for card in machine.cards
    ]
    return examine(
        program.path, cards, version=program.version, driver=machine.sample.get("driver", "")
    )

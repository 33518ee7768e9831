"""Scenes for videos that somebody has, so that there is something to find for them.

All but the fingerprints and the words of the files' names is made up, the same each time.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from tests.stashbox.standin.data import Data, Print

_STUDIOS = (
    "Lantern Street", "North Pier Films", "Paper Kite", "Copper Kettle", "Blue Hour", "Fieldwork",
)  # fmt: skip
_PEOPLE = (
    "Ada Winter", "Bo Castellan", "Cleo Marsh", "Dario Finn", "Edda Holm", "Finn Abara",
    "Greta Sol", "Hugo Lund", "Ines Park", "Jonah Vale",
)  # fmt: skip
_TAGS = ("Outdoors", "Indoors", "City", "Countryside", "Colour", "Black and white", "Series")
_SEPARATORS = re.compile(r"[\W_]+")
_FIRST = date(2012, 1, 1)
_KINDS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """A video: the name of its file without the ending, and its fingerprints (seconds)."""

    name: str
    prints: Sequence[Print]


def invent(data: Data, videos: Iterable[Known]) -> int:
    """Add a scene for most videos, and say for how many.

    So that there is something of everything, one in eight is unknown, one has only a phash that
    is two bits off, one is there twice, and one is eight seconds shorter there.
    """
    group = data.add_studio("Invented Pictures")
    studios = [data.add_studio(name, parent=group) for name in _STUDIOS]
    people = [
        data.add_performer(
            name, images=[{"id": f"performer-{place}", "width": 400, "height": 600}]
        )
        for place, name in enumerate(_PEOPLE)
    ]  # fmt: skip
    tags = [data.add_tag(name) for name in _TAGS]
    before = len(data.scenes)
    for video in videos:
        digest = sha256(video.name.encode("utf-8", "replace")).digest()
        kind = digest[0] % _KINDS
        if kind == 0 or not video.prints:
            continue
        for turn in range(2 if kind == 2 else 1):
            data.add_scene(
                title=_title(video.name) + (" (alternative)" if turn else ""),
                details=f"Invented for “{_title(video.name)}”.",
                release_date=str(_FIRST + timedelta(days=int.from_bytes(digest[1:3]) % 4_000)),
                studio=studios[digest[3] % len(studios)],
                performers=_chosen(people, digest[4:6]),
                tags=_chosen(tags, digest[6:9]),
                images=[{"id": f"scene-{len(data.scenes)}", "width": 1280, "height": 720}],
                duration=video.prints[0][2],
                prints=_shown(kind, video.prints),
            )
    return len(data.scenes) - before


def _shown(kind: int, prints: Sequence[Print]) -> list[Print]:
    if kind == 1:
        near = [
            (each[0], f"{int(each[1], 16) ^ 0b11:016x}", each[2])
            for each in prints if each[0] == "PHASH"
        ]  # fmt: skip
        return near or list(prints)
    if kind == 3:
        return [(algorithm, text, max(1, long - 8)) for algorithm, text, long in prints]
    return list(prints)


def _title(name: str) -> str:
    words = _SEPARATORS.sub(" ", name).split()
    return " ".join(words[:12]).capitalize() or "Untitled"


def _chosen(ids: Sequence[str], numbers: bytes) -> list[str]:
    return list(dict.fromkeys(ids[number % len(ids)] for number in numbers))

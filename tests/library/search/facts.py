"""Small made-up libraries: what is so in plain Python, and the same in the database.

Few words and few numbers, so that conditions meet; among them the awkward ones.
"""

import itertools
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from apps.artifacts.choices import ArtifactKind, Grade
from apps.artifacts.models import Fingerprint
from apps.library.models import Video, Viewing
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_file,
    make_library,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

WORDS = ["ape", "Bee", "Élan", "straße", "b-52", "100%", "under_score", "back\\slash", "a.b", "THE",
         "end", "O'Neil", "x|y", "日本", "2024"]  # fmt: skip
FOLDERS = ["films", "Films 2", "été/ape", "100%", "a_b"]
ROOTS = {"Films": "/srv/films", "Clips & more": "/srv/films2", "Root": "/"}
CODECS = ["h264", "hevc", "av1", ""]
KINDS = ["cover", "sprite", "preview"]
SIZES = [
    (1920, 1080),
    (1280, 720),
    (3840, 2160),
    (1080, 1920),
    (640, 480),
    (700, 700),
    (None, None),
]
CUSTOM = {"mood": "text", "stars": "number", "seen_on": "date", "lent": "flag"}
_number = itertools.count(1)


@dataclass(eq=False)
class Label:
    """A tag, performer or studio; ``parents`` include it."""

    name: str
    aliases: list[str] = field(default_factory=list)
    apart: str = ""
    parents: list["Label"] = field(default_factory=list)
    row: Any = None

    @property
    def names(self) -> list[str]:
        both = [f"{self.name} {self.apart}"] if self.apart else []
        return [self.name, *both, *self.aliases]

    def lies_in(self, other: "Label") -> bool:
        return self is other or any(parent.lies_in(other) for parent in self.parents)


@dataclass(eq=False)
class Facts:
    """A video. Plays are the asker's: how often and when last; ``None`` without any."""

    title: str
    path: str
    library: str
    size: int
    duration_ms: int | None
    width: int | None
    height: int | None
    orientation: str
    container: str
    codec: str
    audio: str
    fps: float | None
    bitrate: int | None
    rating: int | None
    favorite: bool
    organized: bool
    date: date | None
    added: datetime
    missing: bool
    details: str
    urls: list[str]
    twin: int | None
    custom: dict[str, Any]
    studio: Label | None
    tags: list[Label]
    performers: list[Label]
    markers: list[tuple[str, Label | None]]
    plays: tuple[int, datetime | None] | None
    made: list[str]
    phash: int | None
    flat: bool
    pk: int = 0

    @property
    def lines(self) -> int | None:
        if self.width is None or self.height is None:
            return None
        large, small = max(self.width, self.height), min(self.width, self.height)
        return max(small, large * 9 // 16)


@dataclass
class World:
    """A library of a few dozen videos, for one asker at one time."""

    videos: list[Facts]
    tags: list[Label]
    performers: list[Label]
    studios: list[Label]
    user_id: int = 0
    now: datetime = NOON


def make_world(seed: int, *, count: int = 40) -> World:
    """A library by chance, and its rows."""
    chance = random.Random(seed)
    tags = _labels(chance, ["animal", "Dog", "cat", "big cat", "Été", "a-b", "none", "ape"])
    performers = _labels(chance, ["Ada Lovelace", "Ada", "Zoë", "x y"], family=False)
    performers.append(Label("Ada", apart="of Ely"))
    studios = _labels(chance, ["Pixar", "Pixar Kids", "Bee"])
    world = World([], tags, performers, studios)
    world.videos = [_facts(chance, world) for _ in range(count)]
    _store(world)
    return world


def _labels(chance: random.Random, names: list[str], *, family: bool = True) -> list[Label]:
    made: list[Label] = []
    for name in names:
        aliases = [f"{name}s", "The other"][: chance.randrange(3)]
        parents = chance.sample(made, min(len(made), chance.choice([0, 0, 1, 1, 2])))
        made.append(Label(name, aliases, parents=parents if family else []))
    return made


def _facts(chance: random.Random, world: World) -> Facts:
    width, height = chance.choice(SIZES)
    shape = "" if not (width and height) else _shape(width, height)
    words = chance.choices(WORDS, k=chance.randrange(1, 4))
    title = chance.choice([" ".join(words), ", ".join(words).upper(), words[0]])
    name = chance.choice([title.replace("/", ""), "_".join(chance.choices(WORDS, k=2)), "clip"])
    path = f"{chance.choice(FOLDERS)}/{name} {next(_number)}.{chance.choice(['mp4', 'AVI'])}"
    days = [None, date(2024, 5, 17), date(2024, 5, 31), date(2023, 12, 31), NOON.date()]
    some = [0, 1, 7, 8, 9, 30, 400, 1_000]
    return Facts(
        title=title, path=path, library=chance.choice(list(ROOTS)),
        size=chance.choice([0, 1_000_000, 700_400_000, 1_500_000_000, 2**30]),
        duration_ms=chance.choice([None, 0, 90_000, 90_500, 600_000, 642_000, 5_400_000]),
        width=width, height=height, orientation=shape,
        container=chance.choice(["mp4", "avi", "matroska"]),
        codec=chance.choice(CODECS) if shape else "", audio=chance.choice(["aac", "opus", ""]),
        fps=chance.choice([None, 23.976, 24.0, 25.0, 59.94]),
        bitrate=chance.choice([None, 8_000_000, 8_400_000, 500_000]),
        rating=chance.choice([None, 1, 50, 80, 100]), favorite=chance.random() < 0.3,
        organized=chance.random() < 0.3, date=chance.choice(days),
        added=NOON - timedelta(days=chance.choice(some), hours=chance.choice([0, 1, 12])),
        missing=chance.random() < 0.2, details=chance.choice(["", "long"]),
        urls=chance.choice([[], ["https://example.org/1"]]),
        twin=chance.choice([None, None, 0, 4, 5, 8]), custom=_custom(chance),
        studio=chance.choice([None, *world.studios]),
        tags=chance.sample(world.tags, chance.randrange(4)),
        performers=chance.sample(world.performers, chance.randrange(3)),
        markers=[(chance.choice(["", "Intro", "the 100% end"]), chance.choice([None, *world.tags]))
                 for _ in range(chance.choice([0, 0, 1, 3]))],
        plays=chance.choice([None, (0, NOON), (1, NOON - timedelta(days=8)), (5, NOON), (2, None)]),
        made=chance.sample(KINDS, chance.randrange(3)),
        phash=chance.choice([None, 0, 2**63 + 5, 0xABCDEF]), flat=chance.random() < 0.2,
    )  # fmt: skip


def _shape(width: int, height: int) -> str:
    return "square" if width == height else "landscape" if width > height else "portrait"


def _custom(chance: random.Random) -> dict[str, Any]:
    """Values of the four fields; some are lacking, some of another kind, as after a change."""
    possible: dict[str, list[Any]] = {
        "mood": ["Happy", "100% sad", "happy_end", 5, None],
        "stars": [0, 3, 4.5, -1, "many", None],
        "seen_on": ["2024-05-17", "2023-12-31", "2026-11-14", 7],
        "lent": [True, False, "yes"],
    }
    return {key: chance.choice(v) for key, v in possible.items() if chance.random() < 0.6}


def _store(world: World) -> None:
    libraries = {name: make_library(name=name, root=root) for name, root in ROOTS.items()}
    for key, kind in CUSTOM.items():
        make_custom_field(key, kind=kind)
    _store_labels(world)
    asker, other = make_user(), make_user()
    world.user_id = asker.pk
    for facts in world.videos:
        video = _store_video(facts, libraries[facts.library])
        facts.pk = video.pk
        for title, tag in facts.markers:
            make_marker(video, title=title, tag=tag and tag.row)
        if facts.plays:
            count, last = facts.plays
            Viewing.objects.create(user=asker, video=video, play_count=count, last_played_at=last)
        elif facts.favorite:
            Viewing.objects.create(user=other, video=video, play_count=9, last_played_at=NOON)
        for kind in facts.made:
            make_artifact(video, kind=ArtifactKind(kind))


def _store_labels(world: World) -> None:
    for tag in world.tags:
        tag.row = make_tag(tag.name, aliases=tag.aliases, parents=[p.row for p in tag.parents])
    for one in world.performers:
        one.row = make_performer(one.name, aliases=one.aliases, disambiguation=one.apart)
    for studio in world.studios:
        studio.parents = studio.parents[:1]
        above = studio.parents[0].row if studio.parents else None
        studio.row = make_studio(studio.name, aliases=studio.aliases, parent=above)


def _store_video(facts: Facts, library: Any) -> Video:
    file = make_file(facts.path.encode(), library=library)
    video = make_video(
        facts.title, file=file, size_bytes=facts.size, duration_ms=facts.duration_ms,
        width=facts.width, height=facts.height, orientation=facts.orientation,
        container=facts.container, video_codec=facts.codec, audio_codec=facts.audio,
        frame_rate=facts.fps, bitrate=facts.bitrate, rating=facts.rating, favorite=facts.favorite,
        organized=facts.organized, date=facts.date, added_at=facts.added, details=facts.details,
        urls=facts.urls, custom=facts.custom, twin_distance=facts.twin,
        missing_since=NOON if facts.missing else None, studio=facts.studio and facts.studio.row,
        tags=[tag.row for tag in facts.tags], performers=[one.row for one in facts.performers],
    )  # fmt: skip
    if facts.phash is not None:
        signed = facts.phash - 2**64 if facts.phash >= 2**63 else facts.phash
        grade = Grade.FLAT if facts.flat else Grade.STANDARD
        Fingerprint.objects.create(content=file.content, phash=signed, grade=grade)
        make_artifact(video, kind=ArtifactKind.PHASH, size_bytes=0)
    return video

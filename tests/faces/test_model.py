"""A thousand small worlds in which people and machines speak of faces in turn.

Each world has a few faces of its own, far from all others'. What is said in many of them at once is
one change, so that a thousand sequences cost what a few dozen changes do. Whatever happens, no
machine takes a person's word back, two faces of a moment are never one person, and an undo
restores.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from django.db import connection

from apps.core.undo import ChangedSince, Contested, NotUndoable
from apps.faces.choices import Engine, Verdict
from apps.faces.models import (
    Apart,
    FaceChange,
    FaceLibrary,
    FaceSettings,
    Identity,
    Rejection,
    Track,
    TrackVector,
)
from apps.faces.services import changes, following, verdicts
from apps.faces.services.changes.clashes import clashes
from apps.faces.services.place import place
from apps.faces.services.regroup import regroup
from apps.library.models import Performer, Video
from tests.factories import make_library

pytestmark = pytest.mark.django_db

PARTS, WORLDS, STEPS = 4, 250, 2  # a thousand worlds in all
ALONE = 2  # of the deeds on single identities, each, in a step
# Of each world's faces: its video, the people, the times. Two people share moments in the first
# video, and one of them is there twice; the second video has both again.
CAST = (
    (0, 0, (0, 1_000, 2_000)), (0, 1, (1_000, 2_000)), (0, 0, (5_000,)),
    (1, 0, (0, 1_000)), (1, 1, (1_000, 3_000)),
)  # fmt: skip
ENGINES = {Engine.YUNET_SFACE: 0.75, Engine.YUNET_DLIB: 0.98}
Snapshot = dict[str, Any]


def make_worlds(seed: int) -> list[list[int]]:
    """The ids of each world's faces."""
    library = make_library()
    FaceLibrary.objects.create(library=library, enabled=True)
    videos = Video.objects.bulk_create(
        Video(library=library, title=f"Video {n}") for n in range(2 * WORLDS)
    )
    tracks = Track.objects.bulk_create(
        Track(
            video=videos[2 * world + video], times_ms=list(times), start_ms=times[0],
            end_ms=times[-1], size_px=80, quality=100 - person, detector="yunet-2023mar",
        )
        for world in range(WORLDS)
        for video, person, times in CAST
    )  # fmt: skip
    drawn = np.random.default_rng(seed)
    people = drawn.standard_normal((WORLDS, 2, 128))
    rows = []
    for engine, near in ENGINES.items():
        for number, track in enumerate(tracks):
            person = people[number // len(CAST), CAST[number % len(CAST)][1]]
            aside = drawn.standard_normal(128)
            vector = near * person / np.linalg.norm(person)
            vector += (1 - near**2) ** 0.5 * aside / np.linalg.norm(aside)
            stored = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
            rows.append(TrackVector(track=track, engine=engine, vector=stored, norm=12))
    TrackVector.objects.bulk_create(rows)
    ids = [track.pk for track in tracks]
    return [ids[first : first + len(CAST)] for first in range(0, len(ids), len(CAST))]


def words() -> Snapshot:
    """All that people have said, wherever machines have put the rest."""
    spoken = Track.objects.exclude(verdict=Verdict.NONE)
    return {
        "verdicts": set(
            spoken.values_list("pk", "identity_id", "verdict", "verdict_by_id", "verdict_at")
        ),
        "rejections": set(Rejection.objects.values_list("track_id", "identity_id")),
        "apart": set(Apart.objects.values_list("first_id", "second_id")),
        "names": set(
            Identity.objects.filter(performer__isnull=False).values_list("pk", "performer_id")
        ),
        "ignored": set(Identity.objects.filter(ignored=True).values_list("pk", flat=True)),
    }


def everything() -> Snapshot:
    """Words, and where every face is; people without faces or name are nobody's matter."""
    kept = Identity.objects.filter(track_count__gt=0) | Identity.objects.filter(
        merged_into__isnull=False
    )
    fields = ("pk", "settled", "merged_into_id", "track_count", "video_count", "confirmed_count")
    return {
        **words(),
        "places": dict(Track.objects.values_list("pk", "identity_id")),
        "people": set(kept.values_list(*fields)),
    }


def check() -> None:
    """What holds at all times."""
    where = dict(Track.objects.filter(identity__isnull=False).values_list("pk", "identity_id"))
    assert clashes(where) == []
    assert not any(where.get(pk) == said for pk, said in words()["rejections"])
    merged = Identity.objects.filter(merged_into__isnull=False)
    assert not Track.objects.filter(identity__in=merged).exists()
    assert not merged.filter(performer__isnull=False).exists()
    away = Track.objects.filter(verdict__in=[Verdict.NOT_A_FACE, Verdict.IGNORED])
    assert not away.filter(identity__isnull=False).exists()
    counted: dict[int, int] = defaultdict(int)
    for identity in where.values():
        counted[identity] += 1
    kept = Identity.objects.filter(track_count__gt=0).values_list("pk", "track_count")
    assert dict(kept) == counted


def silently(do: Callable[[], object]) -> None:
    """A machine's deed: it takes nobody's word back."""
    before = words()
    do()
    assert words() == before


class People:
    """Who speaks of faces, now of many at once, now of one identity."""

    def __init__(self, worlds: Sequence[Sequence[int]], seed: int) -> None:
        self.draw = random.Random(seed)
        self.worlds = worlds
        self.made: list[FaceChange] = []

    def speak(self) -> None:
        """Something of a face in every world."""
        order = list(range(len(self.worlds)))
        self.draw.shuffle(order)
        deeds = (
            (verdicts.confirm, self.with_somebody), (verdicts.reject, self.with_somebody),
            (verdicts.not_a_face, lambda tracks: [t for t in tracks if t.verdict == ""]),
            (verdicts.ignore_tracks, lambda tracks: [t for t in tracks if t.verdict == ""]),
            (verdicts.clear, lambda tracks: [t for t in tracks if t.verdict]),
        )  # fmt: skip
        for number, (say, fits) in enumerate(deeds):
            part = order[number :: len(deeds)]
            chosen = [self.draw.choice(self.worlds[world]) for world in part]
            tracks = fits(Track.objects.filter(pk__in=chosen).order_by("pk"))
            self.say(lambda say=say, ids=[t.pk for t in tracks]: say(ids))

    def with_somebody(self, tracks: Iterable[Track]) -> list[Track]:
        return [track for track in tracks if track.identity_id is not None]

    def speak_of_single_ones(self) -> None:
        for _ in range(ALONE):
            world = self.draw.choice(self.worlds)
            for deed in (
                self.assign, self.merge, self.split, self.name, self.unname, self.ignore, self.part,
            ):  # fmt: skip
                tracks = list(Track.objects.filter(pk__in=world).order_by("pk"))
                self.say(lambda deed=deed, tracks=tracks: deed(tracks))

    def say(self, deed: Callable[[], FaceChange]) -> None:
        """A deed, and half of the time that it is undone, and half of those times that this is."""
        before = everything()
        try:
            change = deed()
        except _REFUSALS:
            assert everything() == before
            return
        after = everything()
        self.made.append(change)
        if self.draw.random() < 0.5:
            undone = changes.undo(change)
            assert everything() == before
            if self.draw.random() < 0.5:
                changes.undo(undone)
                assert everything() == after

    def think_again(self) -> None:
        """An old change is undone, but for what was said since."""
        change = self.draw.choice(self.made)
        before = {row[0]: row for row in words()["verdicts"]}
        became = {
            pk: (move.target, move.verdict_after)
            for move in change.moves.all()
            for pk in move.tracks
        }
        with suppress(NotUndoable, ChangedSince):
            changes.undo(change, Contested.KEEP)
        now = {row[0]: row for row in words()["verdicts"]}
        for pk, row in before.items():
            if became.get(pk) != row[1:3]:
                assert now[pk] == row

    def assign(self, tracks: list[Track]) -> FaceChange:
        there = [track.identity for track in tracks if track.identity] or [None]
        return verdicts.assign([self.draw.choice(tracks).pk], self.draw.choice([*there, None]))

    def merge(self, tracks: list[Track]) -> FaceChange:
        one, other = self.two_of(tracks)
        return verdicts.merge(one, into=other)

    def split(self, tracks: list[Track]) -> FaceChange:
        one, _ = self.two_of(tracks)
        own = [track.pk for track in tracks if track.identity_id == one.pk]
        return verdicts.split(one, own[:1])

    def name(self, tracks: list[Track]) -> FaceChange:
        one, _ = self.two_of(tracks)
        known = list(Performer.objects.order_by("pk"))
        if not known or self.draw.random() < 0.7:
            return verdicts.create_and_name(one, f"Performer {self.draw.random()}")
        return verdicts.name(one, self.draw.choice(known))

    def unname(self, tracks: list[Track]) -> FaceChange:
        return verdicts.unname(self.two_of(tracks)[0])

    def ignore(self, tracks: list[Track]) -> FaceChange:
        return verdicts.ignore(self.two_of(tracks)[0], on=self.draw.random() < 0.8)

    def part(self, tracks: list[Track]) -> FaceChange:
        return verdicts.keep_apart(*self.two_of(tracks))

    def two_of(self, tracks: list[Track]) -> tuple[Identity, Identity]:
        there = sorted({t.identity for t in tracks if t.identity}, key=lambda each: each.pk)
        if not there:
            raise verdicts.NoFaces("Nobody is there.")
        return self.draw.choice(there), self.draw.choice(there)


_REFUSALS = (
    verdicts.NoFaces, verdicts.NotPlaced, verdicts.SameIdentity, verdicts.NameTaken,
    verdicts.IdentityNamed, verdicts.MergedAway, changes.SameMoment, changes.RejectedBefore,
    changes.NothingToChange,
)  # fmt: skip


def change_engine() -> None:
    row = FaceSettings.objects.get_or_create(pk=1)[0]
    row.engine = next(engine for engine in ENGINES if engine != row.engine)
    row.save()


def count_rows() -> None:
    """As autovacuum does. Else statements are planned for the rows of tests before: for none, or
    for very many, which took minutes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize("seed", range(PARTS))
def test_no_word_of_a_person_is_ever_broken(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_AT_ONCE", 10**6)
    worlds = make_worlds(seed)
    every = [pk for world in worlds for pk in world]
    count_rows()
    place(every)
    count_rows()
    check()
    people = People(worlds, seed)
    for step in range(STEPS):
        people.speak()
        people.speak_of_single_ones()
        check()
        if step % 2:
            change_engine()
        silently(regroup)
        silently(lambda: place(every))
        check()
        people.think_again()
        check()
    assert FaceChange.objects.count() > 10 * STEPS

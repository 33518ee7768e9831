"""Keeping what was found in a video: what a person has said of its faces outlives every search."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from apps.faces.choices import Verdict
from apps.faces.engines import calibration
from apps.faces.finding.matching import Known, Matches, match
from apps.faces.finding.messages import Floats, Found, FoundTrack
from apps.faces.models import (
    Finding,
    Identity,
    IdentityVector,
    Rejection,
    Shot,
    Track,
    TrackVector,
)
from apps.faces.services.embed import packed
from apps.faces.services.identities import recount, refresh_middles, take_turn
from apps.faces.services.place import place
from apps.library.models import Video

Vectors = Mapping[int, tuple[Floats, float]]


@dataclass(frozen=True, slots=True)
class _There:
    """A track that is there, held until the transaction ends."""

    row: Track
    known: Known


@transaction.atomic
def keep(
    video: Video, found: Found, *, way: str, vectors: Vectors | None = None
) -> list[int]:  # fmt: skip
    """Have a video's faces be those that were found now, and place them; the tracks' ids.

    A track that was known and is found again keeps its id, its verdict, its identity and what it
    was rejected from. One that isn't found stays if a person has spoken of it, and goes if not.
    ``vectors`` are those that the engine that searched makes of tracks which another one found.
    Of people who are not to be found again nothing is kept.
    """
    assert video.primary_file
    take_turn()
    if not Video.objects.select_for_update(no_key=True).filter(pk=video.pk).exists():
        return []  # removed meanwhile
    before = Finding.objects.filter(video=video, error="").first()
    same = before is not None and before.content == video.primary_file.content
    there = _there(Track.objects.filter(video=video), found.engine, vectors or {})
    touched = {one.row.identity_id for one in there.values()}
    matches = match(
        [one.known for one in there.values()], found.tracks, same_content=same,
        similarity=calibration(found.engine).in_video_similarity,
    )  # fmt: skip
    kept = _write_all(video, found, there, matches)
    gone = [pk for pk, one in there.items() if pk not in kept and not one.known.spoken]
    Track.objects.filter(pk__in=gone).delete()
    stayed = [pk for pk in there if pk not in kept and pk not in gone]
    _write_others(vectors or {}, stayed, found.engine)
    _part(video)
    _note(video, found, way, tracks=len(kept))
    settle(kept, touched)
    return kept


@transaction.atomic
def note_failure(video: Video, found: Found, *, way: str) -> None:
    """Say why a video could not be looked through. What is known of it stays."""
    if Video.objects.select_for_update(no_key=True).filter(pk=video.pk).exists():
        _note(video, found, way)


def settle(kept: Sequence[int], touched: Iterable[int | None]) -> None:
    """Place faces that are new or lost their place, and bring the identities up to date that
    others left."""
    identities = sorted({pk for pk in touched if pk is not None})
    recount(identities)
    refresh_middles(identities)
    place(list(kept))


def opted_out(engine: str) -> Floats | None:
    """Where those are who are not to be found again: (n, d), each of length 1."""
    rows = IdentityVector.objects.filter(engine=engine, identity__opted_out=True)
    middles = [np.frombuffer(bytes(raw), "<f4") for raw in rows.values_list("vector", flat=True)]
    return np.stack(middles).astype(np.float32) if middles else None


def is_opted_out(track: FoundTrack, middles: Floats | None, engine: str) -> bool:
    """Whether this is one of those."""
    if middles is None or middles.shape[1:] != track.vector.shape:
        return False
    nearest = float((middles @ track.vector).max())
    return nearest >= calibration(engine).in_video_similarity


def values_of(track: FoundTrack, *, detector: str, at: bool = True) -> dict[str, Any]:
    """Of a row. ``at``: it has times, as a picture's hasn't."""
    return {
        "detector": detector, "times_ms": list(track.times_ms) if at else [],
        "start_ms": track.times_ms[0] if at else 0, "end_ms": track.times_ms[-1] if at else 0,
        "faces": len(track.times_ms), "size_px": track.shots[0].size_px,
        "quality": track.quality, "portrait": track.portrait,
    }  # fmt: skip


def write_shots(tracks: Mapping[int, FoundTrack], *, engine: str) -> None:
    """In place of those that the tracks had, and of what the engine made of them."""
    Shot.objects.filter(track__in=tracks).delete()
    TrackVector.objects.filter(track__in=tracks, engine=engine).delete()
    Shot.objects.bulk_create(
        Shot(
            track_id=pk, at_ms=shot.at_ms, box=list(shot.box), size_px=shot.size_px,
            score=shot.score, norm=shot.norm, crop=shot.crop,
        )
        for pk, track in tracks.items() for shot in track.shots
    )  # fmt: skip
    TrackVector.objects.bulk_create(
        TrackVector(track_id=pk, engine=engine, vector=packed(track.vector), norm=track.norm)
        for pk, track in tracks.items()
    )


def is_spoken(row: Track, rejected: Collection[int]) -> bool:
    """Whether a person has said something of the face."""
    return row.verdict != Verdict.NONE or row.pk in rejected


def _there(tracks: Any, engine: str, others: Vectors) -> dict[int, _There]:
    """By id. The identities are locked before their tracks, as in every change of them."""
    wanted = tracks.exclude(identity=None).values("identity")
    list(Identity.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True))
    rows = {row.pk: row for row in tracks.order_by("pk").select_for_update(of=("self",))}
    rejected = set(Rejection.objects.filter(track__in=rows).values_list("track_id", flat=True))
    boxes: dict[int, dict[int, Any]] = {}
    for pk, at_ms, box in Shot.objects.filter(track__in=rows).values_list("track", "at_ms", "box"):
        boxes.setdefault(pk, {})[at_ms] = tuple(box)
    own = TrackVector.objects.filter(track__in=rows, engine=engine).values_list("track", "vector")
    vectors = {pk: vector for pk, (vector, _) in others.items()} | {
        pk: np.frombuffer(bytes(raw), "<f2").astype(np.float32) for pk, raw in own
    }
    return {
        pk: _There(row, Known(
            pk, frozenset(row.times_ms), boxes.get(pk, {}), vectors.get(pk),
            is_spoken(row, rejected),
        ))
        for pk, row in rows.items()
    }  # fmt: skip


def _write_all(
    video: Video, found: Found, there: Mapping[int, _There], matches: Matches
) -> list[int]:
    """Write the tracks that were found; their ids."""
    out = opted_out(found.engine)
    written: dict[int, FoundTrack] = {}
    for number, track in enumerate(found.tracks):
        known = matches.known.get(number)
        spoken = known is not None and there[known].known.spoken
        if not spoken and is_opted_out(track, out, found.engine):
            continue
        left = without(track, matches.taken.get(number, frozenset()))
        if left is None:
            if known is None:
                continue
            left = track  # what it is itself stands before what it shares
        values = values_of(left, detector=found.detector)
        if known is None:
            known = Track.objects.create(video=video, **values).pk
        else:
            Track.objects.filter(pk=known).update(**values, updated_at=timezone.now())
        written[known] = left
    write_shots(written, engine=found.engine)
    return sorted(written)


def without(track: FoundTrack, taken: frozenset[int]) -> FoundTrack | None:
    """The track without some of its times; None if nothing is left of it."""
    if not taken & set(track.times_ms):
        return track
    left = [at for at in zip(track.times_ms, track.boxes, strict=True) if at[0] not in taken]
    shots = tuple(shot for shot in track.shots if shot.at_ms not in taken)
    if not left or not shots:
        return None
    return FoundTrack(
        tuple(at for at, _ in left), tuple(box for _, box in left), shots, track.vector,
        track.norm, track.quality, track.portrait,
    )  # fmt: skip


def _write_others(vectors: Vectors, left: Sequence[int], engine: str) -> None:
    """Of tracks that stay although they weren't found: what this engine makes of them."""
    TrackVector.objects.bulk_create(
        [
            TrackVector(
                track_id=pk, engine=engine, vector=packed(vectors[pk][0]), norm=vectors[pk][1]
            )
            for pk in left if pk in vectors
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _part(video: Video) -> None:
    """Two tracks that share a time are two people, whatever was known of them before: the one of
    which nobody has spoken, or the worse one, is placed anew."""
    seen: dict[int, set[int]] = {}
    rows = Track.objects.filter(video=video).exclude(identity=None).only(
        "pk", "identity_id", "verdict", "quality", "times_ms"
    )  # fmt: skip
    for row in sorted(rows, key=lambda row: (row.verdict == Verdict.NONE, -row.quality, row.pk)):
        assert row.identity_id
        times = seen.setdefault(row.identity_id, set())
        shared = times & set(row.times_ms)
        if shared and row.verdict == Verdict.NONE:
            Track.objects.filter(pk=row.pk).update(identity=None, similarity=None)
        elif shared:
            _take_times(row, shared)
        times |= set(row.times_ms)


def _take_times(row: Track, shared: set[int]) -> None:
    """A person said of both that they are this one: then it is one face, found twice."""
    left = [at for at in row.times_ms if at not in shared]
    ends = {"start_ms": left[0], "end_ms": left[-1]} if left else {}
    Track.objects.filter(pk=row.pk).update(times_ms=left, **ends)


def _note(video: Video, found: Found, way: str, *, tracks: int | None = None) -> None:
    """``tracks=None``: it failed, and the counts are those of what is still known."""
    assert video.primary_file
    said: dict[str, Any] = {
        "content": video.primary_file.content, "way": way, "found_at": timezone.now(),
        "error": found.error, "message": found.message[:500],
    }  # fmt: skip
    if tracks is not None:
        said |= {
            "frames": min(found.frames, 32_767), "faces": found.faces,
            "tracks": min(tracks, 32_767), "cpu_ms": found.cpu_ms,
        }  # fmt: skip
    Finding.objects.update_or_create(video=video, defaults=said)

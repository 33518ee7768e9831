"""Looking for performers' faces in their pictures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.core.progress import Progress, silent
from apps.faces.engines import calibration
from apps.faces.finding.messages import FindWay, Floats, Found, FoundTrack
from apps.faces.models import FaceLibrary, PictureFinding, Track, TrackVector
from apps.faces.services.find import PASSING
from apps.faces.services.identities import take_turn
from apps.faces.services.keep_pictures import keep_picture
from apps.faces.services.ways import check_able, digest_of, shared_finder, way_now
from apps.ffmpeg.reasons import Reason
from apps.library.models import PerformerImage

Guard = Callable[[], AbstractContextManager[Any]]

_TRY_AGAIN_AFTER = timedelta(hours=1)
_LARGER = 2.0  # than all others is the face of whom a picture is


@dataclass(frozen=True, slots=True)
class _Looked:
    image: PerformerImage
    found: Found

    @property
    def sure(self) -> FoundTrack | None:
        """The one face, or the one that is so much larger than the others."""
        tracks = sorted(self.found.tracks, key=_size, reverse=True)
        if len(tracks) > 1 and _size(tracks[0]) < _LARGER * _size(tracks[1]):
            return None
        return tracks[0] if tracks else None


def images_to_look_at(*, again: bool = False) -> QuerySet[PerformerImage]:
    """Pictures that were not looked at, as they are, in today's way; none while no library has
    faces. ``again``: all."""
    images: QuerySet[PerformerImage] = PerformerImage.objects.all()
    if not FaceLibrary.objects.filter(enabled=True).exists():
        return images.none()
    if again:
        return images
    soon = timezone.now() - _TRY_AGAIN_AFTER
    done = PictureFinding.objects.filter(
        ~Q(error__in=PASSING) | Q(found_at__gt=soon),
        image=OuterRef("pk"), content=OuterRef("image"), way=digest_of(way_now()),
    )  # fmt: skip
    return images.exclude(Exists(done))


def find_in_images(
    *,
    performer_ids: Sequence[int] | None = None,
    again: bool = False,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:
    """Find whose face is in performers' pictures, and keep one of each, or none.

    Of several faces it is the largest by far, or else the one that is like those of the
    performer's other pictures. Stopped and called again it goes on where it was. ``report`` counts
    performers. Raises FacesUnable, FinderBroken.
    """
    lacking = images_to_look_at(again=again)
    if performer_ids is not None:
        lacking = lacking.filter(performer__in=performer_ids)
    wanted = list(lacking.order_by("performer").values_list("performer", flat=True).distinct())
    way, kept = way_now(), 0
    for done, performer in enumerate(wanted):
        report(done, len(wanted), faces=kept)
        looked = [_look(image, way) for image in _images(performer, lacking)]
        if not looked:
            continue
        chosen = _choose(looked, way.engine)
        with guard():
            take_turn()
            if not FaceLibrary.objects.filter(enabled=True).exists():
                break  # switched off meanwhile, and perhaps wiped
            for one in looked:
                track = chosen.get(one.image.pk)
                kept += keep_picture(one.image, one.found, track, way=digest_of(way))
    report(len(wanted), len(wanted), faces=kept)
    return {"performers": len(wanted), "faces": kept}


def _images(performer: int, lacking: QuerySet[PerformerImage]) -> list[PerformerImage]:
    """Those to look at, and with them those of several faces of which none was chosen so far."""
    undecided = Q(face_finding__faces__gt=1, face_tracks=None)
    own = PerformerImage.objects.filter(performer=performer)
    return list(own.filter(undecided | Q(pk__in=lacking.values("pk"))).order_by("pk").distinct())


def _look(image: PerformerImage, way: FindWay) -> _Looked:
    try:
        path = image.image.path
    except (ValueError, NotImplementedError):  # no file, or one that isn't on a disk
        return _Looked(image, Found(error=Reason.VANISHED.value, message="The file is gone."))
    found = shared_finder().find_in_image(path.encode("utf-8", "surrogateescape"), way)
    check_able(found)
    return _Looked(image, found)


def _choose(looked: Sequence[_Looked], engine: str) -> dict[int, FoundTrack]:
    """Whose picture it is, by the picture's id."""
    chosen = {one.image.pk: track for one in looked if (track := one.sure) is not None}
    performer = looked[0].image.performer_id
    known = [*_known(performer, [one.image.pk for one in looked], engine)]
    known += [track.vector for track in chosen.values()]
    for one in looked:
        if one.image.pk in chosen or not one.found.tracks:
            continue
        others = known or [
            track.vector for other in looked if other is not one for track in other.found.tracks
        ]
        if (alike := _most_alike(one.found.tracks, others, engine)) is not None:
            chosen[one.image.pk] = alike
    return chosen


def _known(performer: int, but: Sequence[int], engine: str) -> Iterator[Floats]:
    tracks = Track.objects.filter(image__performer=performer).exclude(image__in=but)
    rows = TrackVector.objects.filter(track__in=tracks, engine=engine)
    for raw in rows.values_list("vector", flat=True):
        yield np.frombuffer(bytes(raw), "<f2").astype(np.float32)


def _most_alike(
    tracks: Sequence[FoundTrack], others: Sequence[Floats], engine: str
) -> FoundTrack | None:
    """The one that is like one of the others, if it is one."""
    if not others:
        return None
    table = np.stack(others)
    likeness, best = max(
        ((float((table @ track.vector).max()), -number) for number, track in enumerate(tracks)),
    )
    return tracks[-best] if likeness >= calibration(engine).in_video_similarity else None


def _size(track: FoundTrack) -> int:
    return track.shots[0].size_px

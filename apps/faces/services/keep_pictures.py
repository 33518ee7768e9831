"""Keeping the face that was found in a performer's picture."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from apps.faces.finding.messages import Found, FoundTrack
from apps.faces.models import Identity, PictureFinding, Rejection, Track
from apps.faces.services.identities import take_turn
from apps.faces.services.keep import (
    is_opted_out,
    is_spoken,
    opted_out,
    settle,
    values_of,
    write_shots,
)
from apps.library.models import PerformerImage


@transaction.atomic
def keep_picture(
    image: PerformerImage, found: Found, track: FoundTrack | None, *, way: str
) -> int:  # fmt: skip
    """Have a picture's face be the one that was found, if one was; how many it has now.

    The face that is there keeps its id, and stays without being found if a person has spoken of it,
    unless the picture is another one now. A picture that can't be read keeps what is known of it.
    """
    take_turn()
    current = PerformerImage.objects.select_for_update(no_key=True).filter(pk=image.pk).first()
    if current is None or current.image.name != image.image.name:
        return 0  # removed or changed meanwhile
    before = PictureFinding.objects.filter(image=image).first()
    other = before is not None and before.content != image.image.name
    rows = _held(image)
    if other:
        Track.objects.filter(pk__in=rows).delete()
    elif found.error:
        _note(image, found, way)
        return len(rows)
    touched = {row.identity_id for row in rows.values()}
    rows = {} if other else rows
    kept = _keep(image, rows, found, track)
    _note(image, found, way)
    settle(kept, touched)
    return len(kept)


def _held(image: PerformerImage) -> dict[int, Track]:
    tracks = Track.objects.filter(image=image)
    wanted = tracks.exclude(identity=None).values("identity")
    list(Identity.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True))
    return {row.pk: row for row in tracks.order_by("pk").select_for_update(of=("self",))}


def _keep(
    image: PerformerImage, rows: Mapping[int, Track], found: Found, track: FoundTrack | None
) -> list[int]:
    rejected = set(Rejection.objects.filter(track__in=rows).values_list("track_id", flat=True))
    spoken = [pk for pk, row in rows.items() if is_spoken(row, rejected)]
    if track is not None and not spoken:
        out = opted_out(found.engine)
        track = None if is_opted_out(track, out, found.engine) else track
    if spoken or track is None:
        Track.objects.filter(pk__in=[pk for pk in rows if pk not in spoken]).delete()
        return spoken
    values = values_of(track, detector=found.detector, at=False)
    if rows:
        known = min(rows)
        Track.objects.filter(pk__in=[pk for pk in rows if pk != known]).delete()
        Track.objects.filter(pk=known).update(**values, updated_at=timezone.now())
    else:
        known = Track.objects.create(image=image, **values).pk
    write_shots({known: track}, engine=found.engine)
    return [known]


def _note(image: PerformerImage, found: Found, way: str) -> None:
    PictureFinding.objects.update_or_create(
        image=image,
        defaults={
            "content": (image.image.name or "")[:200], "way": way, "found_at": timezone.now(),
            "faces": found.faces, "error": found.error, "message": found.message[:500],
        },
    )  # fmt: skip

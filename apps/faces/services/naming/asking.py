"""Who is this? Asked for one identity or face, by a person who then decides."""

from apps.faces.engines.calibration import calibration
from apps.faces.models import Apart, Identity, IdentityVector, Track
from apps.faces.services.naming.cast import casts_of
from apps.faces.services.naming.gallery import gallery, names_of
from apps.faces.services.naming.judging import Asked, rejected_of, weigh_faces
from apps.faces.services.naming.weighing import Candidate, Levels, named, weigh
from apps.faces.services.settings import settings_of_all

_MOST_VIDEOS = 200


def candidates(of: Identity | Track) -> list[Candidate]:
    """Whom somebody may be, the likeliest first, however unlikely. Nothing is written.

    Of an identity its middle is compared, with the casts of its videos.
    """
    found = _of_track(of) if isinstance(of, Track) else _of_identity(of)
    return named(found, names_of({each.performer_id for each in found}))


def _of_track(track: Track) -> list[Candidate]:
    asked = Asked(track.pk, track.video_id, frozenset(track.times_ms))
    return weigh_faces([asked])[track.pk].candidates


def _of_identity(identity: Identity) -> list[Candidate]:
    import numpy as np

    settings = settings_of_all()
    levels = Levels.of(settings, calibration(settings.engine))
    known = gallery(settings.engine, join_norm=levels.calibration.join_norm)
    middle = IdentityVector.objects.filter(identity=identity, engine=settings.engine).first()
    if middle is None or not known.size:
        return []
    videos = (
        Track.objects.in_videos().filter(identity=identity).order_by("-quality", "pk")
    ).values_list("video_id", flat=True)[:_MOST_VIDEOS]
    casts = casts_of(set(videos)).values()
    barred = rejected_of(identity) | _apart_from(identity)
    likeness = known.vectors @ np.frombuffer(middle.vector, dtype="<f4")
    cast = set().union(*casts) - barred
    return weigh(likeness, known, levels, cast=cast, barred=barred).candidates


def _apart_from(identity: Identity) -> set[int]:
    """Performers who, a person said, are somebody else."""
    one = Apart.objects.filter(first=identity, second__performer__isnull=False)
    other = Apart.objects.filter(second=identity, first__performer__isnull=False)
    firsts = other.values_list("first__performer", flat=True)
    return {*one.values_list("second__performer", flat=True), *firsts}

"""Pictures of performers, and covers of videos, from the best shots of faces."""

from django.core.files.base import ContentFile
from django.db import transaction

from apps.core.errors import Conflict
from apps.faces.models import Identity, Shot, Track
from apps.library.models import PerformerImage
from apps.library.services.pictures import add_picture


class NobodyNamed(Conflict):
    """The identity has no name, so that there is nobody to give a picture; nothing was changed."""

    code = "nobody_named"


class NoShot(Conflict):
    """There is no picture of the face, or it isn't of the video; nothing was changed."""

    code = "no_shot"


@transaction.atomic
def make_avatar(identity: Identity) -> PerformerImage:
    """Give a performer the portrait of their best face as a picture: the first one if they have
    none, else after those. Raises NobodyNamed, NoShot."""
    if identity.performer is None:
        raise NobodyNamed("Say first who this is: pictures belong to performers.")
    portrait = _portrait(identity)
    last = identity.performer.images.order_by("-position").first()
    position = 0 if last is None else last.position + 1
    upload = ContentFile(portrait, name="face.webp")
    return add_picture(identity.performer, upload, position=position)


def _portrait(identity: Identity) -> bytes:
    """Of a face in a video, for one from a picture is known already. Raises NoShot."""
    tracks = Track.objects.in_videos().filter(identity=identity).exclude(portrait=b"")
    chosen = tracks.filter(pk=identity.best_id) if identity.best_id else tracks.none()
    track = chosen.first() or tracks.best_first().first()
    if track is None:
        raise NoShot(f"No picture of {identity} is kept: look for faces in a video with them.")
    return bytes(track.portrait)


def best_moment_ms(track: Track) -> int:
    """When a face in a video is seen best. Raises NoShot."""
    shots = Shot.objects.filter(track=track, track__video__isnull=False)
    best = max(shots, key=lambda shot: (shot.norm * shot.size_px**0.5, -shot.at_ms), default=None)
    if best is None:
        raise NoShot("There is no shot of that face in a video: choose another face.")
    return best.at_ms

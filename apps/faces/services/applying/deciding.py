"""What people say of performers whom the machine put on videos for their faces."""

from django.db import transaction

from apps.core import audit
from apps.core.errors import Conflict
from apps.faces.models import Appearance, Identity, Rejection, Track
from apps.faces.services import verdicts
from apps.faces.services.applying.write import FIELD, mark_without
from apps.faces.services.identities import take_turn
from apps.library.models import Performer


class AppearanceLocked(Conflict):
    """Somebody locked the video's performers; nothing was changed."""

    code = "appearance_locked"


@transaction.atomic
def confirm_appearance(appearance: Appearance) -> Appearance:
    """Say that a performer is in a video: they stay there, whatever becomes of the faces.

    Raises AppearanceLocked.
    """
    take_turn()
    row = Appearance.objects.select_for_update().get(pk=appearance.pk)
    video = row.video
    if row.performer_id not in video.performer_ids:
        _refuse_locked(row)
        others = Performer.objects.filter(pk__in=[*video.performer_ids, row.performer_id])
        rest = Appearance.objects.filter(video=video, linked=True, confirmed=False)
        # else those whom the machine has put there would pass for given by hand
        marks = {FIELD: video.provenance.get(FIELD)} if rest.exists() else None
        audit.update(video, {}, related={FIELD: others}, marks=marks)
    row.confirmed, row.refused = True, False
    row.save(update_fields=["confirmed", "refused"])
    return row


@transaction.atomic
def refuse_appearance(appearance: Appearance) -> Appearance:
    """Say that a performer isn't in a video: the machine never puts them there again, and the faces
    that stood for them are said not to be theirs. Who was put there by somebody else stays.

    Raises AppearanceLocked.
    """
    take_turn()
    row = Appearance.objects.select_for_update().get(pk=appearance.pk)
    video, linked = row.video, row.linked
    row.confirmed, row.refused, row.linked = False, True, False
    if linked and row.performer_id in video.performer_ids:
        _refuse_locked(row)
        others = [pk for pk in video.performer_ids if pk != row.performer_id]
        rest = Appearance.objects.filter(video=video, linked=True).exclude(pk=row.pk)
        mark = mark_without(video, still=rest.exists())  # nobody gave the others by hand for it
        related = {FIELD: Performer.objects.filter(pk__in=others)}
        audit.update(video, {}, related=related, marks={FIELD: mark})
    row.save(update_fields=["confirmed", "refused", "linked"])
    _reject_faces(row)
    return row


def _reject_faces(row: Appearance) -> None:
    identity = Identity.objects.filter(performer=row.performer_id).first()
    if identity is None:
        return
    tracks = Track.objects.filter(video=row.video_id)
    theirs = tracks.filter(identity=identity) | tracks.filter(
        candidates__0__performer_id=row.performer_id, verdict=""
    )
    said = Rejection.objects.filter(track__video=row.video_id, identity=identity)
    wanted = set(theirs.values_list("pk", flat=True)) - set(said.values_list("track_id", flat=True))
    if wanted:
        verdicts.reject(sorted(wanted), identity)


def _refuse_locked(row: Appearance) -> None:
    """Raises AppearanceLocked."""
    if FIELD in row.video.locked_fields:
        raise AppearanceLocked(f"The performers of {row.video} are locked: unlock them first.")

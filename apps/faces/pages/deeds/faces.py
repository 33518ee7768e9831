"""What is said of faces: whose they are, or nobody's."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.artifacts.tasks import request_cover
from apps.faces.models import Appearance, FaceChange, Track
from apps.faces.pages.asked import number_in
from apps.faces.pages.deeds.forms import (
    Deed,
    Done,
    WrongForm,
    changing,
    count_faces,
    needs,
    read_identity,
    read_tracks,
    touched_by,
)
from apps.faces.services import applying, verdicts
from apps.faces.services.identities import make_best


def _of_tracks(deed: Callable[[list[int]], FaceChange], said: str) -> Callable[[HttpRequest], Done]:
    """A verdict on faces; ``said`` is what became of them."""

    @changing
    def perform(request: HttpRequest) -> Done:
        tracks = read_tracks(request)
        change = deed(tracks)
        return Done(
            f"{count_faces(len(tracks))} {said}.", changes=[change.pk], touched=touched_by(change)
        )

    return perform


@changing
def _assign(request: HttpRequest) -> Done:
    """Into another identity, or with ``into=new`` into one of their own."""
    tracks, into = read_tracks(request), request.POST.get("into", "")
    target = None if into == "new" else read_identity(request, "into")
    change = verdicts.assign(tracks, target)
    where = f"to {target}" if target else "to somebody new"
    return Done(
        f"{count_faces(len(tracks))} moved {where}.",
        changes=[change.pk],
        touched=touched_by(change),
    )


@changing
def _split(request: HttpRequest) -> Done:
    identity, tracks = read_identity(request), read_tracks(request)
    change = verdicts.split(identity, tracks)
    said = f"{count_faces(len(tracks))} of {identity} split off, as somebody else."
    return Done(said, changes=[change.pk], touched=touched_by(change))


@changing
def _best(request: HttpRequest) -> Done:
    identity, chosen = read_identity(request), read_tracks(request)[:1]
    track: Track = get_object_or_404(Track.objects.defer("portrait"), pk=chosen[0])
    make_best(identity, track)
    return Done(f"This face stands for {identity} from now on.", touched=[identity.pk])


@needs("faces.change_identity", "library.change_video")
def _cover(request: HttpRequest) -> Done:
    rows = Track.objects.in_videos().select_related("video").defer("portrait")
    track: Track = get_object_or_404(rows, pk=read_tracks(request)[0])
    if track.video is None:
        raise WrongForm("That face is in no video.")
    request_cover(track.video, applying.best_moment_ms(track))
    return Done(f"The cover of {track.video} is made from this face.")


@needs("faces.change_identity", "library.change_video")
def _appears(request: HttpRequest) -> Done:
    row = _appearance(request)
    applying.confirm_appearance(row)
    return Done(f"{row.performer} is in “{row.video}”.")


@needs("faces.change_identity", "library.change_video")
def _appears_not(request: HttpRequest) -> Done:
    row = _appearance(request)
    applying.refuse_appearance(row)
    return Done(f"{row.performer} isn't in “{row.video}”, and isn't put there again.")


def _appearance(request: HttpRequest) -> Appearance:
    rows = Appearance.objects.select_related("performer", "video")
    pk = number_in(request.POST.get("appearance", ""))
    found: Appearance = get_object_or_404(rows, pk=pk)
    return found


OF_FACES: Mapping[str, Deed] = {
    "confirm": _of_tracks(verdicts.confirm, "confirmed"),
    "reject": _of_tracks(verdicts.reject, "rejected, as somebody else's"),
    "not_a_face": _of_tracks(verdicts.not_a_face, "put away as no face"),
    "ignore_faces": _of_tracks(verdicts.ignore_tracks, "ignored"),
    "clear": _of_tracks(verdicts.clear, "undecided again"),
    "assign": _assign, "split": _split, "best": _best, "cover": _cover,
    "confirm_appearance": _appears, "refuse_appearance": _appears_not,
}  # fmt: skip

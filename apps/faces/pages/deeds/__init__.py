"""What FaceLab's buttons do: each form is one call of a service, and one thing to undo."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.core.undo import Contested
from apps.faces.models import FaceChange, Proposal
from apps.faces.pages.asked import number_in, numbers_in
from apps.faces.pages.deeds.faces import OF_FACES
from apps.faces.pages.deeds.forms import (
    Deed,
    Done,
    WrongForm,
    changing,
    needs,
    touched_by,
)
from apps.faces.pages.deeds.people import OF_PEOPLE
from apps.faces.services import changes, proposals
from apps.faces.tasks.finding import request_find, request_find_images
from apps.library.models import PerformerImage

__all__ = ["DEEDS", "Done", "WrongForm"]


@changing
def _take(request: HttpRequest) -> Done:
    change = proposals.take(_proposal(request))
    return Done("Done as proposed.", changes=[change.pk], touched=touched_by(change))


@changing
def _refuse(request: HttpRequest) -> Done:
    change = proposals.refuse(_proposal(request))
    said = "Refused: it isn't proposed again."
    if change is None:
        return Done(said)
    return Done(said, changes=[change.pk], touched=touched_by(change))


def _proposal(request: HttpRequest) -> Proposal:
    pk = number_in(request.POST.get("proposal", ""))
    found: Proposal = get_object_or_404(Proposal, pk=pk)
    return found


@changing
def _undo(request: HttpRequest) -> Done:
    """What was done last first: a change stands on those before it."""
    ids = numbers_in(request.POST.getlist("change"))[:1_000]
    made = list(FaceChange.objects.filter(pk__in=ids).order_by("-pk"))
    if not made:
        raise WrongForm("There is nothing to undo.")
    for change in made:
        changes.undo(change, Contested.REFUSE)
    touched = sorted({pk for change in made for pk in touched_by(change)})
    return Done(f"Taken back: {made[0].get_kind_display()}.", touched=touched)


@needs("faces.find")
def _find(_request: HttpRequest) -> Done:
    request_find()
    if PerformerImage.objects.exists():
        request_find_images()  # by those the first names are suggested
    return Done("Faces are being looked for: people come here as they are found.")


@needs("faces.find")
def _regroup(_request: HttpRequest) -> Done:
    from apps.faces.tasks.grouping import request_regroup  # arrays: not in every process

    request_regroup()
    return Done("Faces are being grouped anew. What you have said stays.")


DEEDS: Mapping[str, Deed] = {
    **OF_FACES, **OF_PEOPLE, "take": _take, "refuse": _refuse, "undo": _undo, "find": _find,
    "regroup": _regroup,
}  # fmt: skip

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
    job_url,
    needs,
    touched_by,
)
from apps.faces.pages.deeds.people import OF_PEOPLE
from apps.faces.services import changes, proposals
from apps.faces.tasks.finding import request_find

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
    job = request_find()
    return Done(f"Faces are being looked for (job {job.pk}).", href=job_url(job.pk))


@needs("faces.find")
def _regroup(_request: HttpRequest) -> Done:
    from apps.faces.tasks.grouping import request_regroup  # arrays: not in every process

    job = request_regroup()
    return Done(f"Faces are being grouped anew (job {job.pk}).", href=job_url(job.pk))


DEEDS: Mapping[str, Deed] = {
    **OF_FACES, **OF_PEOPLE, "take": _take, "refuse": _refuse, "undo": _undo, "find": _find,
    "regroup": _regroup,
}  # fmt: skip

"""Deciding what a regrouping proposed where a person has spoken."""

from django.db import transaction

from apps.core.errors import Conflict
from apps.faces.choices import ProposalKind, ProposalState
from apps.faces.models import FaceChange, Identity, Proposal, Track
from apps.faces.services import verdicts
from apps.faces.services.identities import take_turn


class ProposalDecided(Conflict):
    """Somebody has taken or refused the proposal already; nothing was changed."""

    code = "proposal_decided"


class ProposalOutdated(Conflict):
    """The faces that it is about are elsewhere now; nothing was changed."""

    code = "proposal_outdated"


@transaction.atomic
def take(proposal: Proposal) -> FaceChange:
    """Do what is proposed, as if the person had thought of it: with the faces that are still there.

    Raises ProposalDecided, ProposalOutdated, and what the verdict raises.
    """
    row = _open(proposal)
    identity, other = row.identity, row.other
    if identity is None or (other is None and row.kind != ProposalKind.SPLIT):
        raise _outdated()
    match ProposalKind(row.kind):
        case ProposalKind.MERGE if other is not None:
            change = verdicts.merge(identity, into=other)
        case ProposalKind.ASSIGN:
            change = verdicts.assign(_faces(row, identity), other)
        case _:
            change = verdicts.split(identity, _faces(row, identity))
    _decide(row, ProposalState.TAKEN)
    return change


@transaction.atomic
def refuse(proposal: Proposal) -> FaceChange | None:
    """Say that it isn't so, in a way that outlives the proposal: two identities are kept apart,
    faces are rejected from where they would go, or confirmed where they are.

    Returns the change, if anything was left to be said. Raises ProposalDecided.
    """
    row = _open(proposal)
    identity, other = row.identity, row.other
    change: FaceChange | None = None
    if identity is not None:
        tracks = _still_there(row, identity)
        if row.kind == ProposalKind.MERGE and other is not None:
            change = verdicts.keep_apart(identity, other)
        elif row.kind == ProposalKind.ASSIGN and other is not None and tracks:
            change = verdicts.reject(tracks, other)
        elif row.kind == ProposalKind.SPLIT and tracks:
            change = verdicts.confirm(tracks)
    _decide(row, ProposalState.REFUSED)
    return change


def _open(proposal: Proposal) -> Proposal:
    """Held, as it is now, in one's turn: a regrouping takes away proposals in its own."""
    take_turn()
    row = Proposal.objects.select_for_update(of=("self",)).filter(pk=proposal.pk).first()
    if row is None or row.state != ProposalState.OPEN:
        raise ProposalDecided("That was decided already: read the proposals again.")
    return row


def _faces(row: Proposal, identity: Identity) -> list[int]:
    """Raises ProposalOutdated."""
    if not (tracks := _still_there(row, identity)):
        raise _outdated()
    return tracks


def _still_there(row: Proposal, identity: Identity) -> list[int]:
    """Those of which nobody has spoken meanwhile."""
    tracks = Track.objects.filter(pk__in=row.tracks, identity=identity, verdict="")
    return list(tracks.order_by("pk").values_list("pk", flat=True))


def _outdated() -> ProposalOutdated:
    return ProposalOutdated("The faces have moved meanwhile: regroup to have it proposed anew.")


def _decide(row: Proposal, state: ProposalState) -> None:
    row.state = state
    row.save(update_fields=["state", "updated_at"])

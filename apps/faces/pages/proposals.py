"""What a regrouping would change where a person has spoken, to be taken or refused."""

from dataclasses import dataclass

from apps.faces.choices import ProposalKind, ProposalState
from apps.faces.models import Identity, Proposal
from apps.faces.pages.cards import Card, cards_of, portrait_url

_SHOWN = 30
_FACES = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal: what it says, whom it is about, and the faces that would move."""

    pk: int
    kind: str
    said: str
    similarity: str
    identity: Card | None
    other: Card | None
    faces: list[str]


def read_proposals() -> list[Shown]:
    """The surest first; the same number of statements however many there are."""
    rows = list(
        Proposal.objects.filter(state=ProposalState.OPEN).order_by("-similarity", "pk")[:_SHOWN]
    )
    ids = {pk for row in rows for pk in (row.identity_id, row.other_id) if pk}
    cards = {card.pk: card for card in cards_of(Identity.objects.filter(pk__in=ids))}
    return [
        Shown(
            pk=row.pk,
            kind=row.kind,
            said=_said(row),
            similarity=f"{row.similarity:.2f}",
            identity=cards.get(row.identity_id or 0),
            other=cards.get(row.other_id or 0),
            faces=[portrait_url(pk) for pk in row.tracks[:_FACES]],
        )
        for row in rows
    ]


def _said(row: Proposal) -> str:
    number = f"{len(row.tracks):,} face{'' if len(row.tracks) == 1 else 's'}"
    return {
        ProposalKind.MERGE: "These two look like the same person",
        ProposalKind.SPLIT: f"{number} here look like somebody else",
        ProposalKind.ASSIGN: f"{number} look like somebody else's",
    }[ProposalKind(row.kind)]

"""What becomes of faces when two performers are merged: the people of both are one."""

from django.db import models
from django.db.models import Q

from apps.faces.models import Appearance, Identity
from apps.faces.services import applying, verdicts
from apps.faces.services.applying.write import FIELD
from apps.faces.services.identities import take_turn
from apps.library.models import Performer
from apps.library.models.label import Named


def come_first(kind: type[models.Model]) -> None:
    """Take the turn before performers and videos are held, as whoever names videos does: else two
    would wait for each other."""
    if kind is Performer:
        take_turn()


def carry_faces(source: Named, into: Named) -> None:
    """Give ``into`` the identity and the appearances of a performer who is merged into it.

    Raises SameMoment and what else ``verdicts.merge`` does, if both have faces that can't be one.
    """
    if not isinstance(source, Performer) or not isinstance(into, Performer):
        return
    theirs = Appearance.objects.filter(performer=into).values("video")
    Appearance.objects.filter(~Q(video__in=theirs), performer=source).update(performer=into)
    identity = Identity.objects.filter(performer=source).first()
    if identity is not None:
        verdicts.become(identity, into)
    _carry_words(source, into)


def _carry_words(source: Performer, into: Performer) -> None:
    """What a person said of the one in a video holds for the other, of whom nobody has spoken."""
    said = Appearance.objects.filter(performer=source)
    unsaid = Appearance.objects.filter(performer=into, confirmed=False, refused=False)
    confirmed = said.filter(confirmed=True).values("video")
    unsaid.filter(video__in=confirmed).update(confirmed=True)
    refused = unsaid.filter(video__in=said.filter(refused=True).values("video"))
    for row in refused.exclude(video__locked_fields__contains=[FIELD]).order_by("pk"):
        applying.refuse_appearance(row)

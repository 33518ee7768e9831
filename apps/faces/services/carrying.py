"""What becomes of faces when two performers are merged: the people of both are one."""

from django.db.models import Q

from apps.faces.models import Appearance, Identity
from apps.faces.services import verdicts
from apps.library.models import Performer
from apps.library.models.label import Named


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

"""What boxes know of a label, once it is merged into another one here."""

from django.db.models import Q

from apps.library.models.label import Named
from apps.stashbox.models import PerformerLookup, RemoteLink, Submission


def carry_links(source: Named, into: Named) -> None:
    """Let the ids that boxes have for a label lead to the one that it becomes, so that what is
    identified next gets that one; of a performer also who was rejected, and what was given."""
    kind = str(source._meta.model_name)
    RemoteLink.objects.filter(**{kind: source}).update(**{kind: into})
    if kind == "performer":
        known = Q(box__in=PerformerLookup.objects.filter(performer=into.pk).values("box"))
        PerformerLookup.objects.filter(~known, performer=source.pk).update(performer=into.pk)
        Submission.objects.filter(performer=source.pk).update(performer=into.pk)

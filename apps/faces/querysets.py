"""Questions about faces and about who they are."""

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from apps.faces.choices import Band, Verdict


class IdentityQuerySet(models.QuerySet[Any]):
    """Identities; those that were merged into others are left out by ``standing``."""

    def standing(self) -> Self:
        return self.filter(merged_into=None)

    def with_faces(self) -> Self:
        return self.standing().filter(track_count__gt=0)

    def named(self) -> Self:
        return self.standing().filter(performer__isnull=False)

    def unnamed(self) -> Self:
        """Those who have faces, no name, and matter."""
        return self.with_faces().filter(performer=None, ignored=False)

    def ignored(self) -> Self:
        return self.standing().filter(ignored=True)

    def to_confirm(self) -> Self:
        """Those with a face that was placed by the machine, or whose name it suggests."""
        faces: Any = self.model._meta.get_field("tracks").related_model
        waiting = faces.objects.waiting().filter(identity=OuterRef("pk"))
        return self.with_faces().filter(Exists(waiting), ignored=False)

    def largest_first(self) -> Self:
        return self.order_by("-track_count", "pk")


class TrackQuerySet(models.QuerySet[Any]):
    """Faces, each through one video or in one picture of a performer."""

    def waiting(self) -> Self:
        """Placed with a name, or likely to be somebody known, and no person has spoken."""
        named = Q(identity__performer__isnull=False)
        likely = Q(band__in=[Band.SUGGESTED, Band.APPLIED])
        return self.filter(named | likely, verdict=Verdict.NONE, image=None)

    def judged(self) -> Self:
        """Those of which a person has said something."""
        return self.exclude(verdict=Verdict.NONE)

    def in_videos(self) -> Self:
        return self.filter(video__isnull=False)

    def light(self) -> Self:
        """Without their pictures, which only their own addresses send."""
        return self.defer("portrait")

    def best_first(self) -> Self:
        return self.order_by("-quality", "pk")

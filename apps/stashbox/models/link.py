"""Which rows here are which of a box's."""

from django.db import models
from django.db.models import Q

from apps.library.models import Performer, Studio, Tag, Video
from apps.stashbox.choices import Kind
from apps.stashbox.models.box import StashBox

MOST_ID = 100  # letters: what has a longer one there isn't linked


class RemoteLink(models.Model):
    """Which row here is which of a box's. A remote id is one row's, a row may have several."""

    box = models.ForeignKey(StashBox, models.CASCADE, related_name="links", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    remote_id = models.CharField(max_length=MOST_ID)
    video = models.ForeignKey(
        Video, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    performer = models.ForeignKey(
        Performer, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    studio = models.ForeignKey(
        Studio, models.CASCADE, null=True, blank=True, related_name="remote_links"
    )
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="remote_links")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="last asked about it")

    class Meta:
        constraints = [
            # several files here may be the same scene there
            models.UniqueConstraint(
                fields=["box", "kind", "remote_id"],
                condition=~Q(kind=Kind.SCENE),
                name="stashbox_link_once",
            ),
            models.UniqueConstraint(
                fields=["box", "remote_id", "video"],
                condition=Q(kind=Kind.SCENE),
                name="stashbox_link_video",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind=Kind.SCENE, video__isnull=False, performer=None, studio=None, tag=None)
                    | Q(
                        kind=Kind.PERFORMER,
                        performer__isnull=False,
                        video=None,
                        studio=None,
                        tag=None,
                    )
                    | Q(
                        kind=Kind.STUDIO, studio__isnull=False, video=None, performer=None, tag=None
                    )
                    | Q(kind=Kind.TAG, tag__isnull=False, video=None, performer=None, studio=None)
                ),
                name="stashbox_link_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"


class PerformerLookup(models.Model):
    """That a box was asked whether it knows a performer, and whom it may mean.

    ``candidates`` are ``{"performer": schema.RemotePerformer, "equal": [str], "other": [str]}``,
    until a person decides; ``rejected`` are ids there that aren't offered again.
    """

    performer = models.ForeignKey(
        Performer, models.CASCADE, related_name="remote_lookups", db_index=False
    )
    box = models.ForeignKey(
        StashBox, models.CASCADE, related_name="performer_lookups", db_index=False
    )
    asked_at = models.DateTimeField()
    candidates = models.JSONField(default=list, blank=True)
    rejected = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["performer", "box"], name="stashbox_performerlookup_once"
            ),
        ]
        indexes = [
            # who is to be asked about again
            models.Index(fields=["box", "asked_at"], name="stashbox_performerlookup_due"),
        ]

    def __str__(self) -> str:
        return f"{self.performer_id} at {self.box_id}"

"""People, and where they are in an engine's space."""

from django.db import models
from django.db.models import F, Q

from apps.core.models import Timestamped, Versioned
from apps.faces.choices import Engine
from apps.faces.querysets import IdentityQuerySet
from apps.library.models import Performer


class CurrentTransaction(models.Func):
    """The number of the transaction, which never comes again."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Identity(Timestamped, Versioned):
    """One person, named or not. Its row stays: merged into another, it points there.

    Once a person has spoken of it (``settled``), regrouping only proposes. Counts are kept by the
    services that move tracks.
    """

    performer = models.OneToOneField(
        Performer, models.SET_NULL, null=True, blank=True, related_name="identity"
    )
    ignored = models.BooleanField(default=False, help_text="nobody who matters: never offered")
    opted_out = models.BooleanField(
        default=False, editable=False,
        help_text="wiped, and not to be found again: of new faces of this person none is kept",
    )  # fmt: skip
    settled = models.BooleanField(default=False, help_text="a person has spoken of it")
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", editable=False
    )
    best = models.ForeignKey(
        "Track", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    track_count = models.PositiveIntegerField(default=0, editable=False)
    video_count = models.PositiveIntegerField(default=0, editable=False)
    confirmed_count = models.PositiveIntegerField(default=0, editable=False)
    tightness = models.FloatField(
        null=True, editable=False, help_text="mean likeness of its faces to their middle"
    )

    objects = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        indexes = [
            # the grid: the largest first, of those that still stand
            models.Index(
                fields=["-track_count", "id"],
                name="faces_identity_largest",
                condition=Q(merged_into=None),
            ),
        ]

    def __str__(self) -> str:
        return str(self.performer) if self.performer else f"Unknown {self.pk}"


class IdentityVector(models.Model):
    """The middle of an identity's tracks in one engine's space, and what it was made of."""

    identity = models.ForeignKey(Identity, models.CASCADE, related_name="vectors", db_index=False)
    engine = models.CharField(max_length=20, choices=Engine)
    vector = models.BinaryField(help_text="little-endian float32, of length 1")
    length = models.FloatField(default=1, help_text="of the mean, before it was made 1")
    tracks = models.PositiveIntegerField()
    written = models.BigIntegerField(
        db_default=CurrentTransaction(), editable=False,
        help_text="the transaction that wrote it: whoever holds the others reads on from there",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity", "engine"], name="faces_identityvector_one"),
        ]
        indexes = [
            # all of an engine's, which are compared with each new face, and what came since
            models.Index(fields=["engine", "written"], name="faces_identityvector_all"),
        ]

    def __str__(self) -> str:
        return f"{self.identity_id} by {self.engine}"


class Apart(models.Model):
    """That a person said that two identities are two people: no machine proposes to merge them."""

    first = models.ForeignKey(Identity, models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(Identity, models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="faces_apart_one"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="faces_apart_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"

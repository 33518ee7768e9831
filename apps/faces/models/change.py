"""What was changed of identities, and what a regrouping would change."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.models import Timestamped
from apps.faces.choices import ChangeKind, ProposalKind, ProposalState, Verdict
from apps.faces.models.identity import Identity


class FaceChange(models.Model):
    """One change of who is who, which can be taken back whole (``services.changes``)."""

    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=12, choices=ChangeKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    entry = models.BigIntegerField(null=True, help_text="of the audit")
    summary = models.JSONField(default=dict, help_text="counts, for people")
    before = models.JSONField(
        default=dict, help_text="fields of identities, rejections and the like, as they were"
    )
    after = models.JSONField(default=dict, help_text="the same, as they became")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["entry"], name="faces_change_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Move(models.Model):
    """Tracks that a change moved from one identity and verdict to others, together."""

    change = models.ForeignKey(FaceChange, models.CASCADE, related_name="moves")
    tracks = ArrayField(models.BigIntegerField())
    source = models.BigIntegerField(null=True, help_text="the identity before")
    target = models.BigIntegerField(null=True, help_text="the identity after")
    verdict_before = models.CharField(max_length=10, choices=Verdict, blank=True)
    verdict_after = models.CharField(max_length=10, choices=Verdict, blank=True)

    def __str__(self) -> str:
        return f"{len(self.tracks)} from {self.source} to {self.target}"


class Proposal(Timestamped):
    """What a regrouping would do if a person had not spoken; one may take or refuse it.

    ``tracks`` are those to be moved from ``identity`` to ``other`` (assign), or out of ``identity``
    (split); of a merge none are named: ``identity`` goes into ``other``.
    """

    kind = models.CharField(max_length=10, choices=ProposalKind)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    identity = models.ForeignKey(Identity, models.CASCADE, null=True, related_name="proposals")
    other = models.ForeignKey(Identity, models.CASCADE, null=True, related_name="+")
    tracks = ArrayField(models.BigIntegerField(), default=list)
    similarity = models.FloatField()
    digest = models.CharField(max_length=32, unique=True, help_text="of what is proposed")

    class Meta:
        indexes = [
            # those to decide, the surest first
            models.Index(fields=["state", "-similarity", "id"], name="faces_proposal_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

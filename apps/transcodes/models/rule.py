"""Which videos are transcoded by themselves, and when."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.models import Timestamped, Versioned
from apps.transcodes.models.profile import EncodingProfile


class TranscodeRule(Timestamped, Versioned):
    """Videos that a query finds and that don't comply yet get a profile."""

    name = models.CharField(max_length=200, unique=True)
    query = models.TextField(blank=True, help_text="which videos; all of them, if it is empty")
    profile = models.ForeignKey(EncodingProfile, models.PROTECT, related_name="rules")
    enabled = models.BooleanField(default=True)
    on_import = models.BooleanField(
        default=False, help_text="also for videos that scans find new or changed, as they come"
    )
    nightly = models.BooleanField(default=False, help_text="look for more of them each night")
    position = models.IntegerField(default=0, help_text="the first that finds a video has it")
    starts_at = models.TimeField(
        null=True, blank=True, help_text="work begins only after this time of day"
    )
    ends_at = models.TimeField(null=True, blank=True, help_text="and before this one")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True,
        help_text="0 is Monday; on which it may begin (empty: on all)",
    )  # fmt: skip
    ran_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True)
                | Q(starts_at__isnull=False, ends_at__isnull=False) & ~Q(starts_at=F("ends_at")),
                name="transcodes_rule_window",
            ),
        ]
        indexes = [
            # the order in which they run
            models.Index(fields=["position", "id"], name="transcodes_rule_order"),
        ]

    def __str__(self) -> str:
        return self.name

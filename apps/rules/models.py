"""What is done to videos by rules."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped, Versioned
from apps.library.models import Performer, Studio, Tag
from apps.rules.choices import Where


class Rule(Timestamped, Versioned):
    """Videos that a query finds get some changes (``apps.editing``'s, as its API takes them)."""

    name = models.CharField(max_length=200, unique=True)
    query = models.TextField(blank=True, help_text="which videos; all of them, if it is empty")
    changes = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    on_import = models.BooleanField(
        default=False, help_text="also for videos that scans find, as they come"
    )
    position = models.IntegerField(default=0, help_text="rules run from the smallest up")
    ran_at = models.DateTimeField(null=True, editable=False)
    entry = models.BigIntegerField(
        null=True, editable=False, help_text="of the audit, which the last run left"
    )

    class Meta:
        indexes = [
            # the order in which they run
            models.Index(fields=["position", "id"], name="rules_rule_order"),
        ]

    def __str__(self) -> str:
        return self.name


class AutoTagSettings(Timestamped, Versioned):
    """How labels are found by their names. There is one row."""

    tags = models.BooleanField(default=True)
    performers = models.BooleanField(default=True)
    studios = models.BooleanField(default=True, help_text="for videos that have none")
    where = models.CharField(max_length=10, choices=Where, default=Where.ANYWHERE)
    least_letters = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="shorter names are passed over; Chinese, Japanese and Korean ones may have two",
    )  # fmt: skip
    on_import = models.BooleanField(
        default=False, help_text="also for videos that scans find, as they come"
    )
    ignored_tags = models.ManyToManyField(Tag, blank=True, related_name="+")
    ignored_performers = models.ManyToManyField(Performer, blank=True, related_name="+")
    ignored_studios = models.ManyToManyField(Studio, blank=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "finding labels by their names"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="rules_autotag_one")]

    def __str__(self) -> str:
        return "Finding labels by their names"

"""Stash-boxes, and how what they say is judged and applied."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped, Versioned
from apps.stashbox.choices import FieldPolicy, Unknown

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class StashBox(Timestamped, Versioned):
    """A server that speaks the stash-box protocol. The first by ``position`` is asked first."""

    name = models.CharField(max_length=100, unique=True)
    # no URLField: that takes no name of one word, as containers have them; see ``services.boxes``
    url = models.CharField(max_length=500, help_text="of its GraphQL, such as https://…/graphql")
    # of ``apps.core.sealing``; nobody is shown it again
    sealed_key = models.TextField(blank=True, editable=False)
    requests_per_minute = models.PositiveIntegerField(
        default=240, validators=[MinValueValidator(1), MaxValueValidator(6_000)],
        help_text="of all programs of MediaHub together, on all machines",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)
    may_submit = models.BooleanField(
        "may be given to", default=False, help_text="fingerprints and drafts may be sent there"
    )
    allow_private = models.BooleanField(
        "may be in a private network", default=False,
        help_text="else addresses of this machine and of private networks are refused",
    )  # fmt: skip
    position = models.IntegerField(default=0, help_text="they are asked from the smallest up")
    # when the next request may be sent: what all workers share, see ``services.pace``
    next_request_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "stash-box"
        verbose_name_plural = "stash-boxes"
        permissions = [("identify", "Can identify videos"), ("submit", "Can give to stash-boxes")]
        indexes = [
            # the order in which they are asked
            models.Index(fields=["position", "id"], name="stashbox_order"),
        ]

    def __str__(self) -> str:
        return self.name


class IdentifySettings(Timestamped, Versioned):
    """From which score on what is done, and how candidates are applied. There is one row."""

    apply_from = models.PositiveSmallIntegerField(
        default=90, validators=_PERCENT, help_text="candidates of this score are applied unasked"
    )
    review_from = models.PositiveSmallIntegerField(
        default=40, validators=_PERCENT, help_text="candidates below this score are passed over"
    )
    lead = models.PositiveSmallIntegerField(
        default=10, validators=_PERCENT,
        help_text="a candidate that leads the next by less is not applied unasked",
    )  # fmt: skip
    on_import = models.BooleanField(default=False, help_text="also videos that scans find")
    search_text = models.BooleanField(
        default=True, help_text="what has no fingerprint that is known is searched by its words"
    )
    policies = models.JSONField(
        default=dict,
        blank=True,
        help_text="of fields, by their names: fill, replace, merge, ignore",
    )
    unknown_performers = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)
    unknown_studios = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)
    unknown_tags = models.CharField(max_length=10, choices=Unknown, default=Unknown.CREATE)

    DEFAULT_POLICIES = {
        "title": FieldPolicy.REPLACE, "details": FieldPolicy.FILL, "date": FieldPolicy.FILL,
        "urls": FieldPolicy.MERGE, "studio": FieldPolicy.FILL, "tags": FieldPolicy.MERGE,
        "performers": FieldPolicy.MERGE,
    }  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "identification"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="stashbox_settings_one")]

    def __str__(self) -> str:
        return "Identification"

    def policy(self, field: str) -> FieldPolicy:
        """What is done with one of a video's fields. A title that a scan made of the file's name
        is nobody's: to replace it is to fill it."""
        return FieldPolicy(self.policies.get(field) or self.DEFAULT_POLICIES[field])

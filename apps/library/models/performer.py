"""The people in the videos."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower

from apps.core.models import Timestamped
from apps.library.choices import Gender
from apps.library.models.label import Named
from apps.library.querysets import NamedQuerySet


class Performer(Named):
    """A person. Two of the same name are told apart by ``disambiguation``."""

    disambiguation = models.CharField(max_length=200, blank=True)
    gender = models.CharField(max_length=20, choices=Gender, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    death_date = models.DateField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code")
    ethnicity = models.CharField(max_length=60, blank=True)
    eye_color = models.CharField(max_length=30, blank=True)
    hair_color = models.CharField(max_length=30, blank=True)
    height_cm = models.PositiveSmallIntegerField(null=True, blank=True)
    weight_kg = models.PositiveSmallIntegerField(null=True, blank=True)
    measurements = models.CharField(max_length=60, blank=True)
    tattoos = models.TextField(blank=True)
    piercings = models.TextField(blank=True)
    career_start = models.PositiveSmallIntegerField(null=True, blank=True)
    career_end = models.PositiveSmallIntegerField(null=True, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    urls = ArrayField(models.URLField(max_length=1_000), default=list, blank=True)
    # kept by triggers on the links (migration 0002)
    video_count = models.PositiveIntegerField(default=0, editable=False)
    haystack = models.GeneratedField(
        expression=Func("name", "aliases", "disambiguation", function="library_names"),
        output_field=models.TextField(), db_persist=True,
    )  # fmt: skip

    objects = NamedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                Lower("disambiguation"),
                name="library_performer_name",
                violation_error_message=(
                    "There is another performer with this name already: tell them apart by the "
                    "disambiguation."
                ),
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 100)),
                name="library_performer_rating",
            ),
        ]
        indexes = [
            # completion and search
            GinIndex(
                OpClass(F("haystack"), name="gin_trgm_ops"), name="library_performer_haystack"
            ),
            # the list, those in most videos first
            models.Index(fields=["-video_count", "id"], name="library_performer_largest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.disambiguation})" if self.disambiguation else self.name


class PerformerImage(Timestamped):
    """A picture of a performer; the first by ``position`` is shown."""

    performer = models.ForeignKey(Performer, models.CASCADE, related_name="images")
    image = models.ImageField(upload_to="performers/%Y/%m/")
    position = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.performer} {self.position}"

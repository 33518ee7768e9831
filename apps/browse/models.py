"""Views of the library that people keep, and how each person wants the page."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.browse.choices import Layout, Paging
from apps.core.models import Timestamped, Versioned


class SavedView(Timestamped, Versioned):
    """A query with how its videos are shown. ``columns`` are a table's, in their order."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=100)
    icon = models.CharField(
        max_length=40, default="bookmark", validators=[RegexValidator(r"^[a-z0-9_]+$")],
        help_text="the name of a Material symbol",
    )  # fmt: skip
    query = models.TextField(max_length=2_000, blank=True)
    ordering = models.CharField(max_length=200, blank=True)
    layout = models.CharField(max_length=10, choices=Layout, default=Layout.GRID)
    zoom = models.CharField(max_length=1, default="m")
    page_size = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(25), MaxValueValidator(500)]
    )
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    shared = models.BooleanField(default=False, help_text="others may use it, too")
    on_dashboard = models.BooleanField(default=False)
    in_sidebar = models.BooleanField(default=False)

    class Meta:
        constraints = [
            # also serves the look-up of a person's views
            models.UniqueConstraint(
                "owner", Lower("name"), name="browse_savedview_name",
                violation_error_message="You have a view of this name already.",
            ),
        ]  # fmt: skip
        indexes = [
            # the views of others
            models.Index(fields=["id"], condition=Q(shared=True), name="browse_savedview_shared"),
        ]

    def __str__(self) -> str:
        return self.name


class BrowseSettings(Timestamped):
    """One person's page: a table's columns with their widths in pixels, and what is open.

    ``columns`` is ``[{"name": "title", "width": 320}, …]``; without a width a column fits itself.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    columns = models.JSONField(default=list, blank=True)
    open_panels = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    layout = models.CharField(max_length=10, choices=Layout, default=Layout.GRID)
    zoom = models.CharField(max_length=1, default="m")
    page_size = models.PositiveSmallIntegerField(default=60)
    paging = models.CharField(max_length=10, choices=Paging, default=Paging.SCROLL)

    def __str__(self) -> str:
        return f"Browse of {self.user_id}"

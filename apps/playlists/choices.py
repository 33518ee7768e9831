from django.db import models


class PlaylistKind(models.TextChoices):
    """Where a playlist's videos come from."""

    MANUAL = "manual", "chosen by hand"
    SMART = "smart", "found by a query"

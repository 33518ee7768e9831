from django.db import models


class ArtifactKind(models.TextChoices):
    """What MediaHub derives from a video."""

    COVER = "cover", "Cover"


class ArtifactState(models.TextChoices):
    MADE = "made"
    FAILED = "failed"

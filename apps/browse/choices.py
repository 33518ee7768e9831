from django.db import models


class Layout(models.TextChoices):
    """How videos are laid out."""

    GRID = "grid"
    TABLE = "table"
    WALL = "wall"


class Zoom(models.TextChoices):
    """How large covers are."""

    SMALL = "s", "Small"
    MEDIUM = "m", "Medium"
    LARGE = "l", "Large"

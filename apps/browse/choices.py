from django.db import models


class Layout(models.TextChoices):
    """How videos are laid out."""

    GRID = "grid"
    TABLE = "table"
    WALL = "wall"

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


class Paging(models.TextChoices):
    """How one comes to what follows: it is loaded as one scrolls, or page by page."""

    SCROLL = "scroll"
    PAGES = "pages"

"""Where names are looked for."""

from django.db import models


class Where(models.TextChoices):
    ANYWHERE = "anywhere", "in titles and paths"
    TITLE = "title", "in titles"
    PATH = "path", "in paths"
    FOLDERS = "folders", "in the names of folders, which have to be just that"

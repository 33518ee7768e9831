"""Which servers there are, what is told to them, and what becomes of it."""

from django.db import models


class ServerKind(models.TextChoices):
    JELLYFIN = "jellyfin", "Jellyfin"
    EMBY = "emby", "Emby"
    PLEX = "plex", "Plex"


class ChangeKind(models.TextChoices):
    """What happened to a file."""

    CREATED = "created", "new"
    MODIFIED = "modified", "changed"
    DELETED = "deleted", "gone"


class NoticeState(models.TextChoices):
    WAITING = "waiting", "to be told"
    TOLD = "told", "told"  # that the server took it in is looked up, or can't be
    CONFIRMED = "confirmed", "taken in"
    FAILED = "failed", "failed"

"""How each person wants the player."""

from django.conf import settings
from django.db import models

from apps.core.models import Timestamped


class PlayerSettings(Timestamped):
    """One person's player. ``shortcuts`` holds the keys of the actions that they changed."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    shortcuts = models.JSONField(default=dict, blank=True)
    shortcuts_on = models.BooleanField(default=True)
    autoplay = models.BooleanField(default=True)
    play_next = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"player of {self.user_id}"

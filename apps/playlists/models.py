"""Playlists, and the videos that people put into them."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, Q
from django.db.models.functions import Lower

from apps.core.models import Timestamped, Versioned
from apps.library.models import Video
from apps.playlists.choices import PlaylistKind
from apps.playlists.querysets import PlaylistQuerySet

MOST_VIDEOS = 100_000


class Playlist(Timestamped, Versioned):
    """Videos in an order. A manual one has items; a smart one asks its query anew each time."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=5_000, blank=True)
    shared = models.BooleanField(default=False, help_text="others may see and play it, too")
    kind = models.CharField(max_length=10, choices=PlaylistKind, default=PlaylistKind.MANUAL)
    query = models.TextField(max_length=2_000, blank=True, help_text="of a smart one")
    ordering = models.CharField(
        max_length=200, blank=True, help_text="of a smart one, such as -rating,duration"
    )
    limit = models.PositiveIntegerField(
        null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_VIDEOS)],
        help_text="of a smart one: at most so many, the first in its order",
    )  # fmt: skip
    video_count = models.PositiveIntegerField(
        default=0, editable=False, help_text="of a manual one, kept by triggers"
    )

    objects = PlaylistQuerySet.as_manager()

    class Meta:
        constraints = [
            # also serves the look-up of a person's playlists
            models.UniqueConstraint(
                "owner", Lower("name"), name="playlists_playlist_name",
                violation_error_message="You have a playlist of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(kind=PlaylistKind.SMART) | Q(query="", ordering="", limit=None),
                name="playlists_playlist_manual_asks_nothing",
            ),
        ]  # fmt: skip
        indexes = [
            # those of others
            models.Index(fields=["id"], condition=Q(shared=True), name="playlists_playlist_shared"),
            # by name, for queries
            models.Index(Lower("name"), name="playlists_playlist_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_smart(self) -> bool:
        return self.kind == PlaylistKind.SMART


class PlaylistItem(models.Model):
    """A video in a manual playlist.

    ``position`` grows along the list, with gaps, so that a move writes one row.
    """

    playlist = models.ForeignKey(Playlist, models.CASCADE, related_name="items", db_index=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="playlist_items")
    position = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["playlist", "video"], name="playlists_item_once"),
            # also serves the list in its order; deferrable, for positions are dealt anew at once
            models.UniqueConstraint(
                fields=["playlist", "position"], name="playlists_item_position",
                deferrable=Deferrable.IMMEDIATE,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.playlist_id}: {self.video_id}"

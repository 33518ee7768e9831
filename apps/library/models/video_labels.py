"""What labels videos are found by, beside them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from apps.library.models.label import Studio
from apps.library.models.video import Video


class VideoLabels(models.Model):
    """A video's labels once more, with the indexes that find videos by them.

    Apart from the videos, since PostgreSQL writes all of a row's indexes when a column in any of
    them changes: so a new tag leaves the video's twenty alone, and the video is written where it
    stood (migration 0013 keeps room there). Triggers keep it (migration 0012), or who writes many
    videos by hand. Read by ``apps.library.finding`` alone.
    """

    video = models.OneToOneField(
        Video, models.DO_NOTHING, primary_key=True, related_name="labels", db_constraint=False
    )
    tag_ids = ArrayField(models.BigIntegerField())
    performer_ids = ArrayField(models.BigIntegerField())
    studio = models.ForeignKey(
        Studio, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        default_permissions = ()  # nobody sees it but the database
        indexes = [
            # all, any or none of some tags, or performers; the studio beside them
            GinIndex(fields=["tag_ids"], name="library_videolabels_tags"),
            GinIndex(fields=["performer_ids"], name="library_videolabels_people"),
            models.Index(fields=["studio"], name="library_videolabels_studio"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id}"

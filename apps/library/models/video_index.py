"""What videos are found by, beside them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F

from apps.library.models.label import Studio
from apps.library.models.video import Video


class VideoIndex(models.Model):
    """A video's words and labels once more, with the indexes that find them.

    Apart from the videos, since PostgreSQL writes all of a row's indexes when a column in any of
    them changes: so a new tag leaves the video's dozen others alone, and is written where the
    video's row is (migration 0013 keeps room there). Triggers alone keep it (migration 0012), or
    who writes many videos by hand. Read through ``VideoQuerySet.found``.
    """

    video = models.OneToOneField(
        Video, models.DO_NOTHING, primary_key=True, related_name="index", db_constraint=False
    )
    haystack = models.TextField()
    tag_ids = ArrayField(models.BigIntegerField())
    performer_ids = ArrayField(models.BigIntegerField())
    studio = models.ForeignKey(
        Studio, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        default_permissions = ()  # nobody sees it but the database
        indexes = [
            # all, any or none of some tags, or performers
            GinIndex(fields=["tag_ids"], name="library_videoindex_tags"),
            GinIndex(fields=["performer_ids"], name="library_videoindex_people"),
            # words, and parts of them, of title or path
            GinIndex(OpClass(F("haystack"), name="gin_trgm_ops"), name="library_videoindex_words"),
            models.Index(fields=["studio"], name="library_videoindex_studio"),
        ]

    def __str__(self) -> str:
        return f"{self.video_id}"

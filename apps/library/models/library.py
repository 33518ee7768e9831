"""The folders that MediaHub looks after."""

import os

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.models import Timestamped, Versioned
from apps.library.choices import LibraryState, Question, WatchState


def default_extensions() -> list[str]:
    return list(settings.MEDIAHUB_EXTENSIONS)


class Library(Timestamped, Versioned):
    """A folder tree of media files, and how to scan it."""

    name = models.CharField(max_length=200, unique=True)
    root = models.CharField(
        max_length=1_000, unique=True, help_text="absolute path of the folder on this machine"
    )
    include = ArrayField(
        models.CharField(max_length=300), default=list, blank=True,
        help_text="patterns as in .gitignore: if given, only matching paths are taken in",
    )  # fmt: skip
    exclude = ArrayField(
        models.CharField(max_length=300), default=list, blank=True,
        help_text="patterns as in .gitignore: matching files and folders are left out",
    )  # fmt: skip
    extensions = ArrayField(
        models.CharField(max_length=20), default=default_extensions,
        help_text="file name extensions to take in, without the dot",
    )  # fmt: skip
    probes_at_once = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="probes at once on this library's mount (empty: the setting)",
    )  # fmt: skip
    files_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="how fast files may be opened (empty: no limit)",
    )  # fmt: skip
    bytes_per_second = models.PositiveBigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="how fast whole files may be read, say for their checksums (empty: no limit)",
    )  # fmt: skip
    full_hash = models.BooleanField(
        default=False, help_text="also read whole files for their MD5 (slow)"
    )
    scan_every_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="scan by itself this often (empty: only when asked)",
    )  # fmt: skip
    watch = models.BooleanField(
        default=True, help_text="see changes as they happen, where the file system tells of them"
    )
    gone_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="if more than this share of the files is gone at once, ask (empty: the setting)",
    )  # fmt: skip
    verify_every_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)],
        help_text="check the content of every file once in so many days (empty: only when asked)",
    )  # fmt: skip
    state = models.CharField(
        max_length=10, choices=LibraryState, default=LibraryState.UNKNOWN, editable=False
    )
    state_detail = models.TextField(blank=True, editable=False)
    device = models.BigIntegerField(
        null=True, editable=False, help_text="the root's st_dev at the last good scan"
    )
    scanned_at = models.DateTimeField(null=True, editable=False)
    question = models.CharField(
        max_length=12, choices=Question, default=Question.NONE, blank=True, editable=False
    )
    watch_state = models.CharField(
        max_length=10, choices=WatchState, default=WatchState.OFF, editable=False
    )
    watch_detail = models.TextField(blank=True, editable=False)
    watch_seen_at = models.DateTimeField(
        null=True, editable=False, help_text="when the watch last told of itself"
    )

    class Meta:
        verbose_name_plural = "libraries"
        permissions = [("scan_library", "Can scan libraries")]

    def __str__(self) -> str:
        return self.name

    @property
    def root_bytes(self) -> bytes:
        return os.fsencode(self.root)


class LibraryPrefix(models.Model):
    """Another path under which the same tree is known, say on a player or another machine."""

    library = models.ForeignKey(Library, models.CASCADE, related_name="prefixes")
    prefix = models.CharField(max_length=1_000, unique=True)

    class Meta:
        verbose_name = "further mount prefix"
        verbose_name_plural = "further mount prefixes"

    def __str__(self) -> str:
        return self.prefix

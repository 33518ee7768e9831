"""Folders and files as they are on disk. Only scans write them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from apps.core.models import Timestamped
from apps.library.choices import Integrity, ProbeState
from apps.library.models.library import Library
from apps.library.querysets import FileQuerySet, FolderQuerySet


class Folder(models.Model):
    """A directory, and a digest of what a scan last saw in it.

    ``digest`` is over what ``services.scan.walk`` read of it: an equal one means that nothing in
    the folder changed, which spares comparing its files one by one. Until every change in the
    folder is in the catalogue it is null, so that an interrupted scan goes on where it was.
    """

    library = models.ForeignKey(Library, models.CASCADE, related_name="folders")
    path = models.BinaryField(max_length=4_096, help_text="relative to the root; b'' is the root")
    key = models.BinaryField(max_length=16, help_text="BLAKE2b of path; paths outgrow an index")
    digest = models.BinaryField(max_length=16, null=True)
    file_count = models.PositiveIntegerField(default=0, help_text="files in the catalogue")
    size_bytes = models.PositiveBigIntegerField(default=0)
    seen_at = models.DateTimeField()
    looks = models.PositiveIntegerField(
        default=0, help_text="comparisons so far: an overtaken one must not store its digest"
    )

    objects = FolderQuerySet.as_manager()

    class Meta:
        constraints = [
            # also serves the scan's look-up of folders by path
            models.UniqueConstraint(fields=["library", "key"], name="library_folder_one_per_path"),
        ]

    def __str__(self) -> str:
        return bytes(self.path).decode("utf-8", "backslashreplace") or "/"


class File(Timestamped):
    """A media file. Gone from disk it stays here, marked missing, with all that hangs on it."""

    library = models.ForeignKey(Library, models.CASCADE, related_name="files", db_index=False)
    folder = models.ForeignKey(Folder, models.CASCADE, related_name="files", db_index=False)
    video = models.ForeignKey("library.Video", models.SET_NULL, null=True, related_name="files")
    name = models.BinaryField(max_length=255, help_text="as on disk, whatever the encoding")
    path = models.TextField(help_text="relative path for people; bytes beyond UTF-8 as \\xNN")
    size_bytes = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    inode = models.DecimalField(max_digits=20, decimal_places=0)
    device = models.DecimalField(
        max_digits=20, decimal_places=0,
        help_text="0 on the root's own, whose number may change with each mount",
    )  # fmt: skip
    missing_since = models.DateTimeField(null=True, blank=True)
    displaced = models.BigIntegerField(
        default=0,
        help_text="the row's own id while another file stands at its path (missing until found)",
    )
    probe_state = models.CharField(max_length=10, choices=ProbeState, default=ProbeState.PENDING)
    probe_error = models.CharField(max_length=40, blank=True, help_text="reason code")
    probe_message = models.TextField(blank=True)
    oshash = models.CharField(max_length=16, blank=True)
    content = models.CharField(max_length=32, blank=True, help_text="fast content fingerprint")
    md5 = models.CharField(max_length=32, blank=True, help_text="of every byte, once it was read")
    integrity = models.CharField(
        max_length=10, choices=Integrity, default=Integrity.UNKNOWN, blank=True
    )
    integrity_detail = models.TextField(blank=True)
    verified_at = models.DateTimeField(null=True, help_text="when its content was last checked")

    duration_ms = models.BigIntegerField(null=True)
    container = models.CharField(max_length=60, blank=True)
    video_codec = models.CharField(max_length=40, blank=True)
    audio_codec = models.CharField(max_length=40, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    frame_rate = models.FloatField(null=True)
    bitrate = models.BigIntegerField(null=True, help_text="bit/s")
    streams = models.JSONField(default=list)
    chapters = models.JSONField(default=list)
    facts = models.JSONField(default=dict, help_text="what else the probe said")
    warnings = ArrayField(models.CharField(max_length=60), default=list)

    objects = FileQuerySet.as_manager()

    class Meta:
        constraints = [
            # also serves the scan's comparison of a folder's files
            models.UniqueConstraint(
                fields=["folder", "name", "displaced"], name="library_file_one_per_path"
            ),
            models.CheckConstraint(
                condition=Q(displaced=0) | Q(displaced=F("id"), missing_since__isnull=False),
                name="library_file_displaced_is_missing",
            ),
            models.CheckConstraint(condition=Q(size_bytes__gte=0), name="library_file_size"),
        ]
        indexes = [
            # a library's files, and how many of each state, newest first
            models.Index(fields=["library", "-id"], name="library_file_library"),
            # what came between two scans
            models.Index(fields=["library", "created_at"], name="library_file_came"),
            # what is missing
            models.Index(
                fields=["library", "missing_since"],
                condition=Q(missing_since__isnull=False),
                name="library_file_missing",
            ),
            # what failed, or is still to be read
            models.Index(
                fields=["probe_state", "-id"],
                condition=~Q(probe_state=ProbeState.DONE),
                name="library_file_not_read",
            ),
            # what failed, by reason
            models.Index(
                fields=["probe_error", "-id"],
                condition=~Q(probe_error=""),
                name="library_file_failed",
            ),
            # files that may be copies, and were not told apart from them yet
            models.Index(
                fields=["library", "id"],
                condition=Q(
                    video__isnull=True, missing_since__isnull=True, probe_state=ProbeState.DONE
                ),
                name="library_file_undecided",
            ),
            # what to check next: the longest unchecked first
            models.Index(
                "library",
                F("verified_at").asc(nulls_first=True),
                "id",
                condition=Q(missing_since__isnull=True),
                name="library_file_verify",
            ),
            # what a check found wrong
            models.Index(
                fields=["integrity", "-id"],
                condition=~Q(integrity__in=["", "good"]),
                name="library_file_unsound",
            ),
            # a scan's look for the same content elsewhere (moves and copies)
            models.Index(
                fields=["content", "inode"], condition=~Q(content=""), name="library_file_content"
            ),
            # identification by oshash
            models.Index(fields=["oshash"], condition=~Q(oshash=""), name="library_file_oshash"),
            # the files list by size, length and time; ranges of them; formats that few have
            models.Index(fields=["-size_bytes", "-id"], name="library_file_size_order"),
            models.Index(
                F("duration_ms").desc(nulls_last=True), F("id").desc(), name="library_file_duration"
            ),
            models.Index(fields=["-mtime_ns", "-id"], name="library_file_modified"),
            models.Index(fields=["video_codec"], name="library_file_codec"),
            models.Index(fields=["container"], name="library_file_container"),
            # the search box of the files list: icontains
            GinIndex(OpClass(Upper(F("path")), name="gin_trgm_ops"), name="library_file_path_trgm"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def location(self) -> bytes:
        """Absolute path on this machine."""
        return b"/".join(
            part
            for part in (
                self.library.root_bytes.rstrip(b"/"),
                bytes(self.folder.path),
                bytes(self.name),
            )
            if part
        )

"""Media servers, and what they are told."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from apps.core.models import Timestamped, Versioned
from apps.library.models import Library
from apps.mediaservers.choices import ChangeKind, NoticeState, ServerKind
from apps.mediaservers.querysets import MediaServerQuerySet, NoticeQuerySet


class MediaServer(Timestamped, Versioned):
    """A server that shows the same files to players, and is told which of them have changed."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=ServerKind, default=ServerKind.JELLYFIN)
    # no URLField: that takes no name of one word, as containers have them; see ``services.servers``
    url = models.CharField(
        "address", max_length=500, help_text="as browsers open it, such as http://jellyfin:8096"
    )
    # of ``apps.core.sealing``; nobody is shown it again
    sealed_token = models.TextField(blank=True, editable=False)
    path_map = models.JSONField(
        default=list, blank=True,
        help_text="where the server has our folders: [{here, there}, …]; the longest one counts",
    )  # fmt: skip
    libraries = models.ManyToManyField(
        Library, blank=True, related_name="media_servers",
        help_text="whose files it is told of (none: of all)",
    )  # fmt: skip
    enabled = models.BooleanField(default=True)
    tell_scans = models.BooleanField(
        "tell what scans find", default=False, help_text="also of what others put into the folders"
    )
    confirm = models.BooleanField(
        "look up what came of it", default=True,
        help_text="ask the server later whether it has the file, and tell it again if not",
    )  # fmt: skip
    allow_private = models.BooleanField(
        "may be in a private network", default=True,
        help_text="else addresses of this machine and of private networks are refused",
    )  # fmt: skip

    # how the last exchange went; no part of its version
    asked_at = models.DateTimeField(null=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="one after another")
    reason = models.CharField(max_length=30, blank=True, editable=False)
    outcome = models.TextField(blank=True, editable=False)
    not_before = models.DateTimeField(
        null=True, editable=False, help_text="it is left alone until then, having failed"
    )

    objects = MediaServerQuerySet.as_manager()

    class Meta:
        verbose_name = "media server"
        permissions = [("tell", "Can tell media servers again")]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """That a file has changed, for one server. One that is open takes in further changes."""

    server = models.ForeignKey(MediaServer, models.CASCADE, related_name="notices", db_index=False)
    library = models.ForeignKey(Library, models.SET_NULL, null=True, related_name="+")
    path = models.BinaryField(max_length=8_192, help_text="absolute, as on this machine")
    key = models.BinaryField(max_length=16, help_text="BLAKE2b of path; paths outgrow an index")
    shown = models.TextField(help_text="path for people; bytes beyond UTF-8 as \\xNN")
    there = models.TextField(blank=True, help_text="as the server was told")
    change = models.CharField(max_length=10, choices=ChangeKind)
    size_bytes = models.BigIntegerField(null=True, help_text="by which a look-up knows it")
    state = models.CharField(max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    changes = models.PositiveIntegerField(default=1, help_text="how many it stands for")
    attempts = models.PositiveIntegerField(default=0, help_text="how often it was tried to be told")
    looks = models.PositiveIntegerField(default=0, help_text="look-ups since it was told")
    reason = models.CharField(max_length=30, blank=True, help_text="of a failure, in one word")
    outcome = models.TextField(blank=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="when the last change was noticed")
    next_at = models.DateTimeField(null=True, help_text="when it is told or looked up next")
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    job_id = models.BigIntegerField(null=True, help_text="of the job that told it last")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "notice to a media server"
        verbose_name_plural = "notices to media servers"
        constraints = [
            # an open one takes in what happens to its file meanwhile
            models.UniqueConstraint(
                fields=["server", "key"], condition=Q(next_at__isnull=False),
                name="mediaservers_notice_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.WAITING) | Q(next_at__isnull=False),
                name="mediaservers_notice_waiting_is_due",
            ),
        ]  # fmt: skip
        indexes = [
            # a server's list, and its counts
            models.Index(fields=["server", "state", "-id"], name="mediaservers_notice_server"),
            # the list by state
            models.Index(fields=["state", "-id"], name="mediaservers_notice_state"),
            # what is due
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False),
                name="mediaservers_notice_due",
            ),
            # the search box: icontains
            GinIndex(
                OpClass(Upper("shown"), name="gin_trgm_ops"), name="mediaservers_notice_trgm"
            ),
            # what servers were told of one file
            models.Index(fields=["key", "-id"], name="mediaservers_notice_file"),
            # what to forget
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False),
                name="mediaservers_notice_ended",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.shown} ({self.get_change_display()})"

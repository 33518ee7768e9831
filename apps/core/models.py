"""What rows of several apps have in common, and the audit of their changes."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from apps.core.querysets import AuditQuerySet


class Timestamped(models.Model):
    """When a row came to be and when it was last written."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A row that people edit: ``version`` grows with every edit, so that a stale one is refused.

    ``provenance`` says for each field who gave its value (``{"title": {"source": "person", "by": 3,
    "at": "…"}}``); what is named in ``locked_fields`` no job may change.
    """

    version = models.PositiveIntegerField(default=1, editable=False)
    provenance = models.JSONField(default=dict, blank=True, editable=False)
    locked_fields = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    class Meta:
        abstract = True


class AuditAction(models.TextChoices):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class AuditEntry(models.Model):
    """One change of one object, by a person, a token or a job. Outlives the object."""

    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=10, choices=AuditAction)
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    object_name = models.CharField(max_length=300)
    changes = models.JSONField(default=dict, help_text="field: [old, new]")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    job_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    row_count = models.PositiveIntegerField(
        default=0, help_text="of a change of many rows (AuditRow); ``object_id`` is 0 then"
    )

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        permissions = [("view_health", "Can see the health of the system")]
        indexes = [
            # the history of one object
            models.Index(fields=["object_type", "object_id", "-id"], name="core_audit_object"),
            # everything that one person did
            models.Index(
                fields=["user", "-id"],
                name="core_audit_user",
                condition=models.Q(user__isnull=False),
            ),
            # what was deleted under a name
            models.Index(
                fields=["object_type", "object_name"],
                name="core_audit_deleted",
                condition=models.Q(action=AuditAction.DELETED),
            ),
            # what happened between two times; rows come in their order, so that this is tiny
            BrinIndex(fields=["at"], name="core_audit_at", autosummarize=True),
            # everything that one job did, newest first
            models.Index(
                fields=["job_id", "-id"],
                name="core_audit_of_job",
                condition=models.Q(job_id__isnull=False),
            ),
            # everything that one request did
            models.Index(
                fields=["request_id"],
                name="core_audit_request",
                condition=~models.Q(request_id=""),
            ),
            # what was done by people themselves, among the millions that scans write
            models.Index(
                fields=["-id"], name="core_audit_no_job", condition=models.Q(job_id__isnull=True)
            ),
            # the search box: icontains
            GinIndex(
                OpClass(Upper("object_name"), name="gin_trgm_ops"), name="core_audit_name_trgm"
            ),
            # who changed this field, or to or from this value
            GinIndex(
                fields=["changes"],
                name="core_audit_changes",
                condition=models.Q(action=AuditAction.CHANGED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_name} {self.action}"


class AuditRow(models.Model):
    """What a change of many rows did to one of them; of sets what was taken and what was added."""

    entry = models.ForeignKey(AuditEntry, models.CASCADE, related_name="rows", db_index=False)
    object_id = models.BigIntegerField()
    changes = models.JSONField(help_text="field: [old, new]")

    class Meta:
        constraints = [
            # also serves the rows of an entry, in pages
            models.UniqueConstraint(fields=["entry", "object_id"], name="core_auditrow_once"),
        ]
        indexes = [
            # the history of one object
            models.Index(fields=["object_id", "-entry"], name="core_auditrow_object"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.object_id}"

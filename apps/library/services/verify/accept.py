"""What a person says to content that is not what it was."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.core import audit
from apps.core.models import AuditAction
from apps.library.choices import Integrity
from apps.library.models import File


@transaction.atomic
def accept_content(files: Iterable[File], *, now: datetime) -> int:
    """Take what the files hold now as right: forget the old checksum and what was found.

    The next check stores a new checksum. Nothing on disk is touched. Returns how many there were.
    """
    rows = list(
        File.objects.filter(pk__in=[file.pk for file in files])
        .unsound()
        .select_for_update()
        .order_by("pk")
    )
    entries = []
    for file in rows:
        changes = {"integrity": (file.integrity, ""), "md5": (file.md5, "")}
        entries.append(audit.entry(file, AuditAction.CHANGED, changes))
        file.integrity, file.integrity_detail, file.md5 = Integrity.UNKNOWN, "", ""
        file.verified_at, file.updated_at = None, now
    File.objects.bulk_update(
        rows, ["integrity", "integrity_detail", "md5", "verified_at", "updated_at"]
    )
    audit.record(entries)
    return len(rows)

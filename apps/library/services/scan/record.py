"""What a scan leaves for people to read: its row, with the counts, and its findings."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import Conflict
from apps.library.models import Scan, ScanFinding
from apps.library.services.scan.counts import Counts

logger = logging.getLogger(__name__)

_MOST_FINDINGS = 10_000
_GONE = "The library was removed during the scan."

Note = Callable[[str], None]


class LibraryGone(Conflict):
    """The library was removed during the scan."""

    code = "library_gone"


@dataclass(slots=True)
class Record:
    """``note`` gets a line for each finding, too."""

    scan: Scan
    counts: Counts
    note: Note
    _findings: list[ScanFinding] = field(default_factory=list)
    _told: int = 0

    def tell(self, reason: str, path: bytes, message: str = "") -> None:
        """Keep a finding for people, up to a bound; all are counted."""
        self._told += 1
        if self._told <= _MOST_FINDINGS:
            shown = path.decode("utf-8", "backslashreplace")
            self.note(f"{reason}: {shown}: {message}" if message else f"{reason}: {shown}")
            logger.info("%s: %s", reason, message or "-", extra={"file": path})
            self._findings.append(
                ScanFinding(scan=self.scan, reason=reason, path=shown, message=message)
            )

    def save(self, **values: Any) -> None:
        """Write down how far the scan is. Raises LibraryGone."""
        values["counts"] = self.counts.as_json()
        for name, value in values.items():
            setattr(self.scan, name, value)
        if not Scan.objects.filter(pk=self.scan.pk).update(**values):
            raise LibraryGone(_GONE)
        ScanFinding.objects.bulk_create(self._findings)
        self._findings.clear()


def check_library_there(scan: Scan) -> None:
    """Raises LibraryGone."""
    if not Scan.objects.filter(pk=scan.pk).exists():
        raise LibraryGone(_GONE)

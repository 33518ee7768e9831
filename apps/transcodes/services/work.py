"""A transcode under way: its row, its files, and who hears of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.disk.reader import Disk
from apps.library.models import File
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode
from apps.transcodes.services.names import Names, names_of

Note = Callable[[str], None]


class Refused(MediaHubError):
    """The file can't or mustn't be transcoded with this profile; it is as it was."""

    def __init__(self, sentence: str, *, code: str = "") -> None:
        self.code = code or "refused"
        super().__init__(sentence)


def unread(_line: str) -> None:
    """Where notes go that nobody reads."""


@dataclass
class Run:
    """What a transcode's work goes by.

    ``on_card``: a graphics card's worker does it. ``may_divide``: others may encode parts of it;
    ``joins``: they have.
    """

    transcode: Transcode
    disk: Disk
    report: Progress = silent
    guard: Guard = transaction.atomic
    note: Note = unread
    job_id: int | None = None
    on_card: bool = False
    may_divide: bool = False
    joins: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def names(self) -> Names:
        return names_of(self.transcode)

    @property
    def file(self) -> File:
        """The source's row. Raises Refused."""
        if self.transcode.file is None:
            raise Refused("The file isn't in the catalogue any more.")
        return self.transcode.file

    def write(self, **values: Any) -> None:
        """Write the row, as long as the work is ours. Raises LeaseLost."""
        for name, value in values.items():
            setattr(self.transcode, name, value)
        with self.guard():
            Transcode.objects.filter(pk=self.transcode.pk).update(
                **values, updated_at=timezone.now()
            )


def end(this: Run, outcome: Outcome, reason: str = "") -> None:
    """Write how it ended."""
    told = {"reason": reason} if reason else {}
    this.write(outcome=outcome, finished_at=timezone.now(), error_code="", error_message="", **told)

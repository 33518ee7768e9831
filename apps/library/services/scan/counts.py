"""What a scan counts."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Counts:
    """Files by what became of them. ``bytes`` is the size of all present files; ``grew_bytes`` and
    ``shrank_bytes`` are what changed files differ by. ``held`` are gone, but not marked before a
    person was asked; ``copies`` were compared whole with files like them and are of the same
    video, ``different`` ones were not.
    ``skipped`` and ``failed`` are by reason.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    held: int = 0
    copies: int = 0
    different: int = 0
    returned: int = 0
    unchanged: int = 0
    folders: int = 0
    bytes: int = 0
    grew_bytes: int = 0
    shrank_bytes: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        """Files dealt with so far."""
        return self.added + self.changed + self.moved + self.returned + self.unchanged

    def resized(self, *, before: int, after: int) -> None:
        self.grew_bytes += max(0, after - before)
        self.shrank_bytes += max(0, before - after)

    def add(self, other: "Counts") -> None:
        """Take over another's counts."""
        for each in fields(self):
            mine, more = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, mine + more)

    def as_json(self) -> dict[str, Any]:
        """Plain numbers; failures and skipped files also in sum."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self)}
        reasons = {name: dict(numbers[name]) for name in ("failed", "skipped")}
        return {
            **numbers,
            "failed": self.failed.total(),
            "skipped": self.skipped.total(),
            "reasons": reasons,
        }

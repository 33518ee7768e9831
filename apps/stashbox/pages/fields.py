"""What accepting would do with each field: old and new, and why something stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.stashbox.services.apply import FieldChange

_MOST = 50  # of a list
_LABELS = {
    "title": "Title", "details": "Details", "date": "Date", "urls": "Addresses", "studio": "Studio",
    "tags": "Tags", "performers": "Performers",
}  # fmt: skip
_OUTCOMES = {
    "set": "", "same": "same", "locked": "locked", "kept": "kept", "ignored": "ignored",
}  # fmt: skip
_WHY = {
    "locked": "Locked: nothing but a person changes it.",
    "kept": "It has a value, which is kept unless you tick this.",
    "ignored": "The settings say that it is left alone, unless you tick this.",
}
_LEFT = "Unknown here, or of a name that several have: link them below."


@dataclass(frozen=True, slots=True)
class FieldRow:
    """``gone`` is what it loses and ``come`` what it gets, each with whether that is a new label;
    ``left`` are labels that stay out."""

    name: str
    label: str
    gone: list[str]
    come: list[tuple[str, bool]]
    left: list[str]
    outcome: str
    words: str
    why: str

    @property
    def is_set(self) -> bool:
        return self.outcome == "set"

    @property
    def is_same(self) -> bool:
        return self.outcome == "same"

    @property
    def can_be_taken(self) -> bool:
        """On purpose, even if it would stay by itself."""
        return self.outcome in ("set", "kept", "ignored")


def rows_of(changes: Iterable[FieldChange]) -> list[FieldRow]:
    """What ``services.apply.plan`` says of one candidate, for people."""
    return [_row(change) for change in changes]


def label_of(name: str) -> str:
    return _LABELS.get(name, name.capitalize())


def _row(change: FieldChange) -> FieldRow:
    names, same = change.names, change.outcome == "same"
    makes, left = set(names.get("makes", ())), names.get("left", [])[:_MOST]
    come = [(text, text in makes) for text in names.get("come", ())]
    return FieldRow(
        name=change.field,
        label=label_of(change.field),
        gone=_texts(change.old) if same else names.get("gone", [])[:_MOST],
        come=[] if same else come[:_MOST],
        left=left,
        outcome=change.outcome,
        words="left out" if same and left else _OUTCOMES.get(change.outcome, change.outcome),
        why=_LEFT if same and left else _WHY.get(change.outcome, ""),
    )


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values[:_MOST] if one not in (None, "")]

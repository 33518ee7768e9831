"""What accepting would do with each field: old and new, and why something stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.stashbox.choices import FIELD_LABELS
from apps.stashbox.services.apply import FieldChange

_MOST = 50  # of a list
_WORDS = {"set": "", "unsaid": "", "left": "left out"}
_WHY = {
    "locked": "Locked: nothing but a person changes it.",
    "kept": "It has a value, which is kept unless you tick this.",
    "ignored": "The settings say that it is left alone, unless you tick this.",
    "left": "Unknown here, or of a name that several have: link them below.",
}


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
    def is_unsaid(self) -> bool:
        return self.outcome == "unsaid"

    @property
    def can_be_taken(self) -> bool:
        """On purpose, even if it would stay by itself."""
        return self.outcome in ("set", "kept", "ignored")


def rows_of(changes: Iterable[FieldChange]) -> list[FieldRow]:
    """What ``services.apply.plan`` says of one candidate, for people."""
    return [_row(change) for change in changes]


def label_of(name: str) -> str:
    return FIELD_LABELS.get(name, name.capitalize())


def _row(change: FieldChange) -> FieldRow:
    names, outcome = change.names, change.outcome
    makes, left = set(names.get("makes", ())), names.get("left", [])[:_MOST]
    same = outcome == "same"
    if same and left:
        outcome = "left"
    come = [(text, text in makes) for text in names.get("come", ())]
    return FieldRow(
        name=change.field,
        label=label_of(change.field),
        gone=_texts(change.old) if same else names.get("gone", [])[:_MOST],
        come=[] if same else come[:_MOST],
        left=left,
        outcome=outcome,
        words=_WORDS.get(outcome, outcome),
        why=_WHY.get(outcome, ""),
    )


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values[:_MOST] if one not in (None, "")]

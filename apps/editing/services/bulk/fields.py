"""What of a video can be changed in bulk, and where it is kept."""

import json
from dataclasses import dataclass
from typing import Any

from apps.core import audit


@dataclass(frozen=True, slots=True)
class Field:
    """A field of videos: its column, and the type that the database gives that."""

    name: str
    column: str
    type: str

    @property
    def changed(self) -> str:
        """Whether a row of the plan changes it."""
        return f"plan.{self.name}_old IS DISTINCT FROM plan.{self.name}_new"

    def plain(self, value: Any) -> Any:
        """A value that the database gave, as JSON has it: objects come as text."""
        return json.loads(value) if self.type == "jsonb" else audit.plain(value)


@dataclass(frozen=True, slots=True)
class LinkField(Field):
    """A set of labels: links in a table of their own, whose ids the column repeats in order."""

    label: str  # the column that the links name the label by
    links: str
    labels: str

    @property
    def gone(self) -> str:
        """The ids that a row of the plan takes away."""
        return _without(f"plan.{self.name}_old", f"plan.{self.name}_new")

    @property
    def come(self) -> str:
        """The ids that a row of the plan adds."""
        return _without(f"plan.{self.name}_new", f"plan.{self.name}_old")


def _without(some: str, others: str) -> str:
    return f"ARRAY(SELECT id FROM unnest({some}) id WHERE id <> ALL ({others}))"  # noqa: S608 - ours


TAGS = LinkField("tags", "tag_ids", "bigint[]", "tag_id", "library_videotag", "library_tag")
PERFORMERS = LinkField(
    "performers", "performer_ids", "bigint[]", "performer_id", "library_videoperformer",
    "library_performer",
)  # fmt: skip
STUDIO = Field("studio", "studio_id", "bigint")
TITLE = Field("title", "title", "text")
CUSTOM = Field("custom", "custom", "jsonb")
VALUES = (
    STUDIO, Field("rating", "rating", "smallint"), Field("favorite", "favorite", "boolean"),
    Field("organized", "organized", "boolean"), Field("date", "date", "date"),
)  # fmt: skip
FIELDS: dict[str, Field] = {
    field.name: field for field in (TAGS, PERFORMERS, *VALUES, TITLE, CUSTOM)
}

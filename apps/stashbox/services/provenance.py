"""What a row's provenance says of values that came from elsewhere."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.core import context
from apps.stashbox.choices import Source


def mark_of(box_id: int | None, source: str, *, now: datetime | None = None) -> dict[str, Any]:
    """Of a box's candidates that box; of others their source."""
    given = {"by": context.current().user_id, "at": (now or timezone.now()).isoformat()}
    if box_id is None:
        return {"source": str(Source(source).value), **given}
    return {"source": "stashbox", "box": box_id, **given}


def is_persons(mark: Any) -> bool:
    """Whether a person gave a value by hand."""
    return isinstance(mark, dict) and mark.get("source") == "person"


def is_ordered(mark: Any) -> bool:
    """Whether a job gave it that a person asked for, such as a bulk edit of many rows."""
    return isinstance(mark, dict) and mark.get("source") == "job" and bool(mark.get("by"))

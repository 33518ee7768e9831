"""Markers as JSON of our own shape: ``{"markers": [{"start": 1.5, "end": null, "title": …}]}``.

Times are seconds, as in the API; ``tag`` is a name. What is left out is empty.
"""

import json
from collections.abc import Sequence
from typing import Any

from apps.markers.services.formats.cue import (
    Cue,
    MarkersRefused,
    few_enough,
    in_order,
    lines_of,
)
from apps.markers.services.formats.extras import ms_of, with_extras

_KNOWN = ("start", "end", "title", "tag", "color")


def write_json(cues: Sequence[Cue], *, duration_ms: int | None = None) -> str:
    """``duration_ms`` is told along."""
    document = {
        "format": "mediahub-markers",
        "version": 1,
        "duration": None if duration_ms is None else duration_ms / 1_000,
        "markers": [
            {
                "start": cue.start_ms / 1_000,
                "end": None if cue.end_ms is None else cue.end_ms / 1_000,
                "title": cue.title,
                "tag": cue.tag,
                "color": cue.color,
            }
            for cue in in_order(cues)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def read_json(content: bytes) -> list[Cue]:
    """Raises MarkersRefused."""
    text = "\n".join(lines_of(content))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise MarkersRefused(f"Line {error.lineno}: expected JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise MarkersRefused("Line 1: expected JSON that is not nested deeply.") from error
    given = document.get("markers") if isinstance(document, dict) else None
    if not isinstance(given, list):
        raise MarkersRefused("Line 1: expected an object with a list “markers”.")
    return few_enough([_read_marker(one, f"Marker {n}") for n, one in enumerate(given, 1)])


def _read_marker(given: Any, place: str) -> Cue:
    if not isinstance(given, dict):
        raise MarkersRefused(f"{place}: expected an object.")
    if unknown := sorted(set(given) - set(_KNOWN)):
        known = ", ".join(_KNOWN)
        raise MarkersRefused(f"{place}: expected only {known}, not “{unknown[0]}”.")
    cue = Cue(ms_of(given.get("start"), "start", place=place))
    rest = {name: value for name, value in given.items() if value is not None or name == "end"}
    return with_extras(cue, rest, place=place)

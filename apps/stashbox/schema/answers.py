"""From what a server answers: its names, put into ours, and then read like ours."""

from typing import Any

from apps.stashbox.schema.reading import read_performer, read_scene, read_studio, read_tag
from apps.stashbox.schema.shapes import RemotePerformer, RemoteScene, RemoteStudio, RemoteTag
from apps.stashbox.schema.values import identity, line, mapping

_MOST = 5_000  # of any list; what is kept of each is less
_MOST_PARENTS = 6


def from_answer_scene(value: Any) -> RemoteScene:
    """Raises AnswerRefused."""
    row = mapping(value, "scene")
    return read_scene(
        row
        | {
            "id": identity(row.get("id"), "scene"),
            "date": row.get("release_date"),
            "urls": _inner(row.get("urls"), "url"),
            "duration_s": row.get("duration"),
            "studio": None if row.get("studio") is None else _studio(row["studio"]),
            "performers": _map(row.get("performers"), _appearance),
            "tags": _map(row.get("tags"), _tag),
            "fingerprints": _map(row.get("fingerprints"), _print),
        }
    )


def from_answer_performer(value: Any) -> RemotePerformer:
    """Raises AnswerRefused."""
    return read_performer(_performer(value))


def from_answer_studio(value: Any) -> RemoteStudio:
    """Raises AnswerRefused."""
    return read_studio(_studio(value))


def from_answer_tag(value: Any) -> RemoteTag:
    """Raises AnswerRefused."""
    return read_tag(_tag(value))


def _appearance(value: Any) -> dict[str, Any]:
    row = mapping(value, "performer")
    return {"performer": _performer(row.get("performer")), "alias": row.get("as")}


def _performer(value: Any) -> dict[str, Any]:
    row = mapping(value, "performer")
    merged = row.get("merged_into_id")
    return row | {
        "id": identity(row.get("id"), "performer"),
        "urls": _inner(row.get("urls"), "url"),
        "height_cm": row.get("height"),
        "career_start": row.get("career_start_year"),
        "career_end": row.get("career_end_year"),
        "tattoos": _map(row.get("tattoos"), _place_of_body),
        "piercings": _map(row.get("piercings"), _place_of_body),
        "merged_into": None if merged is None else identity(merged, "performer"),
    }


def _studio(value: Any, parents: int = _MOST_PARENTS) -> dict[str, Any]:
    row = mapping(value, "studio")
    parent = row.get("parent") if parents else None
    return row | {
        "id": identity(row.get("id"), "studio"),
        "urls": _inner(row.get("urls"), "url"),
        "parent": None if parent is None else _studio(parent, parents - 1),
    }


def _tag(value: Any) -> dict[str, Any]:
    row = mapping(value, "tag")
    return row | {"id": identity(row.get("id"), "tag"), "details": row.get("description")}


def _print(value: Any) -> dict[str, Any]:
    row = mapping(value, "fingerprint")
    return row | {"duration_s": row.get("duration")}


def _place_of_body(value: Any) -> str:
    """Such as ``left arm, a rose``."""
    row = mapping(value, "description")
    parts = [line(row.get(key), 200) for key in ("location", "description")]
    return ", ".join(part for part in parts if part)


def _inner(value: Any, key: str) -> Any:
    return _map(value, lambda item: mapping(item, key).get(key))


def _map(value: Any, convert: Any) -> Any:
    # what is no list is refused by those who read it
    return [convert(item) for item in value[:_MOST]] if isinstance(value, list) else value

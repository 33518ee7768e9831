"""From JSON of our own shape (the fields' names are its keys) and back."""

from dataclasses import asdict
from typing import Any

from apps.stashbox.schema.shapes import (
    RemoteAppearance,
    RemoteImage,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    RemoteStudio,
    RemoteTag,
)
from apps.stashbox.schema.values import (
    AnswerRefused,
    day,
    each,
    fingerprint,
    line,
    mapping,
    paragraphs,
    web_address,
    whole,
)

__all__ = ["AnswerRefused", "as_json", "read_performer", "read_scene", "read_studio", "read_tag"]

Shape = RemoteScene | RemotePerformer | RemoteStudio | RemoteTag

_NAME, _WORD, _ID, _ADDRESS = 200, 60, 100, 500
_TITLE, _DETAILS = 500, 20_000
_MOST_SECONDS = 10_000_000  # some months
_MOST_COUNT = 1_000_000_000
_MOST_PX = 100_000
_MOST_SIZE, _MOST_YEAR = 999, 9_999
_MOST_PARENTS = 5


def as_json(shape: Shape) -> dict[str, Any]:
    """What ``read_*`` takes, of lists and objects that JSON has."""
    return {key: _listed(value) for key, value in asdict(shape).items()}


def read_scene(value: Any) -> RemoteScene:
    """Raises AnswerRefused."""
    row = mapping(value, "scene")
    studio = row.get("studio")
    if not (scene_id := line(row.get("id"), _ADDRESS)):
        raise AnswerRefused("The answer has a scene without an id.")
    return RemoteScene(
        id=scene_id,
        title=line(row.get("title"), _TITLE),
        details=paragraphs(row.get("details"), _DETAILS),
        date=day(row.get("date")),
        urls=each(row.get("urls"), 50, web_address),
        code=line(row.get("code"), _NAME),
        director=line(row.get("director"), _NAME),
        duration_s=whole(row.get("duration_s"), _MOST_SECONDS),
        studio=None if studio is None else read_studio(studio),
        performers=each(row.get("performers"), 200, _read_appearance),
        tags=each(row.get("tags"), 500, read_tag),
        images=each(row.get("images"), 50, _read_image),
        fingerprints=each(row.get("fingerprints"), 2_000, _read_print),
        deleted=row.get("deleted") is True,
    )


def read_studio(value: Any, *, _parents: int = _MOST_PARENTS) -> RemoteStudio:
    """With its parents, the farthest left out. Raises AnswerRefused."""
    row = mapping(value, "studio")
    parent = row.get("parent") if _parents else None
    return RemoteStudio(
        id=line(row.get("id"), _ID),
        name=_name(row, "studio"),
        aliases=each(row.get("aliases"), 100, _alias),
        urls=each(row.get("urls"), 50, web_address),
        parent=None if parent is None else read_studio(parent, _parents=_parents - 1),
        images=each(row.get("images"), 20, _read_image),
        deleted=row.get("deleted") is True,
    )


def read_tag(value: Any) -> RemoteTag:
    """Raises AnswerRefused."""
    row = mapping(value, "tag")
    return RemoteTag(
        id=line(row.get("id"), _ID),
        name=_name(row, "tag"),
        details=paragraphs(row.get("details"), _DETAILS),
        aliases=each(row.get("aliases"), 100, _alias),
        deleted=row.get("deleted") is True,
    )


def read_performer(value: Any) -> RemotePerformer:
    """Raises AnswerRefused."""
    row = mapping(value, "performer")
    return RemotePerformer(
        id=line(row.get("id"), _ID),
        name=_name(row, "performer"),
        disambiguation=line(row.get("disambiguation"), _NAME),
        aliases=each(row.get("aliases"), 200, _alias),
        urls=each(row.get("urls"), 100, web_address),
        gender=line(row.get("gender"), _WORD),
        birth_date=day(row.get("birth_date")),
        death_date=day(row.get("death_date")),
        ethnicity=line(row.get("ethnicity"), _WORD),
        country=line(row.get("country"), _WORD),
        eye_color=line(row.get("eye_color"), _WORD),
        hair_color=line(row.get("hair_color"), _WORD),
        height_cm=whole(row.get("height_cm"), _MOST_SIZE),
        cup_size=line(row.get("cup_size"), _WORD),
        band_size=whole(row.get("band_size"), _MOST_SIZE),
        waist_size=whole(row.get("waist_size"), _MOST_SIZE),
        hip_size=whole(row.get("hip_size"), _MOST_SIZE),
        career_start=whole(row.get("career_start"), _MOST_YEAR),
        career_end=whole(row.get("career_end"), _MOST_YEAR),
        tattoos=each(row.get("tattoos"), 50, _alias),
        piercings=each(row.get("piercings"), 50, _alias),
        images=each(row.get("images"), 50, _read_image),
        deleted=row.get("deleted") is True,
        merged_into=line(row.get("merged_into"), _ID),
        scene_count=whole(row.get("scene_count"), _MOST_COUNT) or 0,
    )


def _read_appearance(value: Any) -> RemoteAppearance:
    row = mapping(value, "performer")
    return RemoteAppearance(read_performer(row.get("performer")), line(row.get("alias"), _NAME))


def _read_image(value: Any) -> RemoteImage | None:
    row = mapping(value, "image")
    if not (address := web_address(row.get("url"))):
        return None
    return RemoteImage(
        address, whole(row.get("width"), _MOST_PX) or 0, whole(row.get("height"), _MOST_PX) or 0
    )


def _read_print(value: Any) -> RemotePrint | None:
    row = mapping(value, "fingerprint")
    if not (found := fingerprint(row.get("algorithm"), row.get("hash"))):
        return None
    return RemotePrint(
        *found,
        duration_s=whole(row.get("duration_s"), _MOST_SECONDS) or 0,
        submissions=whole(row.get("submissions"), _MOST_COUNT) or 0,
        reports=whole(row.get("reports"), _MOST_COUNT) or 0,
    )


def _alias(value: Any) -> str:
    return line(value, _NAME)


def _name(row: dict[str, Any], what: str) -> str:
    if name := line(row.get("name"), _NAME):
        return name
    raise AnswerRefused(f"The answer has a {what} without a name.")


def _listed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return value

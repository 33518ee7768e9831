"""What people do with videos: edit them, forget those that are gone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from apps.core import audit
from apps.core.errors import Conflict, MediaHubError
from apps.library.choices import FieldKind
from apps.library.models import CustomField, File, Performer, Tag, Video

LOCKABLE = (
    "title", "details", "date", "rating", "favorite", "organized", "urls", "studio", "tags",
    "performers", "custom",
)  # fmt: skip
_LONGEST_TEXT = 1_000


class CustomValueRefused(MediaHubError):
    """A value for a custom field that doesn't exist or is of another kind; nothing was changed."""

    code = "custom_value_refused"
    field = "custom"


class VideoPresent(Conflict):
    """A file of the video is on disk: the next scan would bring it back. Nothing was deleted."""

    code = "video_present"


def edit_video(
    video: Video,
    values: Mapping[str, Any],
    *,
    tags: Sequence[Tag] | None = None,
    performers: Sequence[Performer] | None = None,
    expected_version: int | None = None,
) -> Video:
    """Change what people know about a video; tags and performers, where given, are all it has then.

    In ``custom`` only the keys named change; ``None`` takes a value away.
    Raises CustomValueRefused, StaleEdit.
    """
    values = dict(values)
    with transaction.atomic():
        if "custom" in values:
            stored = Video.objects.select_for_update().get(pk=video.pk)
            values["custom"] = _merged_custom(stored.custom, values["custom"])
        related = {"tags": tags, "performers": performers}
        return audit.update(
            video, values, expected_version=expected_version,
            related={name: rows for name, rows in related.items() if rows is not None},
        )  # fmt: skip


def delete_video(video: Video, *, expected_version: int | None = None) -> None:
    """Forget a video whose files are all missing, and those files.

    Raises VideoPresent, StaleEdit.
    """
    with transaction.atomic():
        if video.files.filter(missing_since__isnull=True).exists():
            raise VideoPresent(f"{video} is still on disk: remove its file and scan first.")
        files = list(video.files.values_list("pk", flat=True))
        audit.delete(video, expected_version=expected_version)
        File.objects.filter(pk__in=files).delete()


def check_custom(given: Mapping[str, Any]) -> None:
    """Whether invented fields are there and take these values. Raises CustomValueRefused."""
    kinds = dict(CustomField.objects.filter(key__in=list(given)).values_list("key", "kind"))
    for key, value in given.items():
        if key not in kinds:
            raise CustomValueRefused(f"There is no custom field {key!r}: create it first.")
        if value is not None and not _fits(value, kinds[key]):
            raise CustomValueRefused(f"The custom field {key!r} takes a {_WANTED[kinds[key]]}.")


def _merged_custom(old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    check_custom(given)
    return {k: v for k, v in {**old, **given}.items() if v is not None}


_WANTED: dict[str, str] = {
    FieldKind.TEXT: f"text of up to {_LONGEST_TEXT} characters",
    FieldKind.NUMBER: "number",
    FieldKind.DATE: "date such as 2026-05-17",
    FieldKind.FLAG: "true or false",
}


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case FieldKind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case FieldKind.FLAG:
            return isinstance(value, bool)
        case FieldKind.DATE:
            return isinstance(value, str) and _is_date(value)
        case _:
            return isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

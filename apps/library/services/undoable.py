"""What people may undo of the catalogue: their own edits, not what scans read from files."""

from collections.abc import Mapping
from typing import Any

from apps.core import undo
from apps.core.undo import Related
from apps.library.models import CustomField, Library, Marker, Performer, Studio, Tag, Video
from apps.library.models.label import Named
from apps.library.services.library_checks import check_library
from apps.library.services.studios import check_parent, lock_trees
from apps.library.services.tags import check_parents, lock_graph
from apps.library.services.videos import LOCKABLE

_LABEL = ("name", "aliases", "details", "favorite", "locked_fields")


def allow_undo() -> None:
    """Called once, when all models are loaded."""
    undo.allow(Video, fields=(*LOCKABLE, "locked_fields"), check=_hold_labels)
    undo.allow(
        Tag, fields=(*_LABEL, "parents", "color"), restores=True, check=_check_tag,
        lock=lock_graph, lost=("its videos, markers and the tags below it",),
    )  # fmt: skip
    undo.allow(
        Studio, fields=(*_LABEL, "parent", "urls"), restores=True, check=_check_studio,
        lock=lock_trees, lost=("its videos and smaller studios",),
    )  # fmt: skip
    undo.allow(
        Performer,
        fields=(
            *_LABEL, "disambiguation", "gender", "birth_date", "death_date", "country", "ethnicity",
            "eye_color", "hair_color", "height_cm", "weight_kg", "measurements", "tattoos",
            "piercings", "career_start", "career_end", "rating", "urls",
        ),
        restores=True, lost=("its videos and pictures",),
    )  # fmt: skip
    undo.allow(
        Marker, fields=("video", "title", "start_ms", "end_ms", "tag", "color"), restores=True
    )
    undo.allow(CustomField, fields=("label", "key", "kind"), restores=True)
    undo.allow(
        Library,
        fields=(
            "name", "root", "include", "exclude", "extensions", "probes_at_once",
            "files_per_second", "bytes_per_second", "full_hash", "scan_every_minutes", "watch",
            "gone_percent", "verify_every_days",
        ),
        check=_check_library,
    )  # fmt: skip


def _hold_labels(video: Video, values: Mapping[str, Any], related: Related) -> None:
    """In the order in which whoever changes many videos holds them, before triggers count any: else
    the two would wait for each other."""
    stored = Video.objects.values("tag_ids", "performer_ids", "studio").get(pk=video.pk)
    held: list[tuple[type[Named], set[int]]] = []
    if "tags" in related:
        held.append((Tag, {*stored["tag_ids"]} ^ {row.pk for row in related["tags"]}))
    if "performers" in related:
        people = {row.pk for row in related["performers"]}
        held.append((Performer, {*stored["performer_ids"]} ^ people))
    if "studio" in values:
        held.append((Studio, {stored["studio"], video.studio_id} - {None}))
    for model, wanted in held:
        rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=wanted)
        list(rows.order_by("pk").values_list("pk"))


def _check_tag(tag: Tag, _values: Mapping[str, Any], related: Related) -> None:
    check_parents(tag, list(related.get("parents", ())))  # type: ignore[arg-type]


def _check_studio(studio: Studio, values: Mapping[str, Any], _related: Related) -> None:
    if parent := values.get("parent"):
        check_parent(studio, parent)


def _check_library(library: Library, values: Mapping[str, Any], _related: Related) -> None:
    check_library(library, root_is_new="root" in values)

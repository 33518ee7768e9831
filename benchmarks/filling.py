"""The database of a million videos: made once, then used again."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor

from apps.artifacts.models import Artifact
from apps.library.models import (
    File,
    Folder,
    Library,
    Performer,
    Studio,
    Tag,
    TagParent,
    Video,
    VideoPerformer,
    VideoTag,
)
from benchmarks import copying, invention, place
from benchmarks.copying import Table

_BATCH = 10_000
_MODELS: dict[str, type[models.Model]] = {
    "folders": Folder, "videos": Video, "files": File, "tags": VideoTag,
    "performers": VideoPerformer, "artifacts": Artifact,
}  # fmt: skip


def wanted_videos() -> int:
    """A million, or what ``MEDIAHUB_BENCH_VIDEOS`` says."""
    return int(os.environ.get("MEDIAHUB_BENCH_VIDEOS") or 1_000_000)


def use_catalogue() -> dict[str, Any]:
    """Use the database of as many videos as wanted; made if there is none by today's recipe.

    Says how long the making took, which is kept in a comment on the database. Migrations that came
    later are applied to it as to anybody's: ``MEDIAHUB_BENCH_AGAIN=1`` makes it anew with them.
    """
    count = wanted_videos()
    prefix = f"bench_catalogue_{count}_"
    name = prefix + _recipe()
    if name not in place.databases() or os.environ.get("MEDIAHUB_BENCH_AGAIN"):
        for old in place.databases():
            if old.startswith(prefix):
                place.drop_database(old)
        draft = f"bench_making_{count}"
        place.make_database(draft)
        said = _fill(count)
        with connection.cursor() as cursor:
            cursor.execute(f"COMMENT ON DATABASE {draft} IS '{said}'")
        place.rename_database(draft, to=name)
    place.use_database(name)
    _bring_up_to_date()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database'), pg_database_size(oid) "
            "FROM pg_database WHERE datname = current_database()"
        )
        comment, size = cursor.fetchone()
    rows, seconds = comment.split()
    return {"rows": int(rows), "seconds": float(seconds), "bytes": size, "videos": count}


def _bring_up_to_date() -> None:
    """Apply what migrations there are since, and tidy up after them as autovacuum would."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # these are a web server's settings
        call_command("migrate", verbosity=0, interactive=False)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def _recipe() -> str:
    """Changes with how rows are made."""
    content = b"".join(Path(str(m.__file__)).read_bytes() for m in (invention, copying))
    return hashlib.sha256(content).hexdigest()[:10]


def _fill(count: int) -> str:
    print(f"  making a catalogue of {count:,} videos (once)", flush=True)
    tables = {name: Table(_MODELS[name], columns) for name, columns in invention.COLUMNS.items()}
    _make_labels()
    began = time.perf_counter()
    tables["folders"].write(invention.folders(count))
    for first in range(1, count + 1, _BATCH):
        lines = invention.invent(first, min(_BATCH, count + 1 - first), total=count)
        with transaction.atomic():
            for name in ("videos", "files", "tags", "performers", "artifacts"):
                tables[name].write(getattr(lines, name))
        if first // _BATCH % 10 == 9:
            rows, seconds = sum(t.rows for t in tables.values()), time.perf_counter() - began
            print(f"  {first + _BATCH - 1:,} videos, {rows / seconds:,.0f} rows/s", flush=True)
    seconds, rows = time.perf_counter() - began, sum(table.rows for table in tables.values())
    for table in tables.values():
        table.settle()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")  # what autovacuum comes to by itself
    return f"{rows} {seconds:.3f}"


def _make_labels() -> None:
    names = [f"{invention.word(n)} {n}" for n in range(invention.PERFORMERS)]
    Library.objects.bulk_create(
        Library(name=f"Library {n}", root=f"/srv/library{n}", device=1)
        for n in range(1, invention.LIBRARIES + 1)
    )
    Tag.objects.bulk_create(Tag(name=f"Tag {name}") for name in names[: invention.TAGS])
    TagParent.objects.bulk_create(  # each of the rarer half lies in a common one
        TagParent(child_id=child, parent_id=1 + child % 50)
        for child in range(invention.TAGS // 2 + 1, invention.TAGS + 1)
    )
    Studio.objects.bulk_create(Studio(name=f"Studio {n}") for n in names[: invention.STUDIOS])
    Performer.objects.bulk_create(Performer(name=f"Person {name}") for name in names)

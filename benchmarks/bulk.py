"""Tagging 100,000 videos and taking it back: how long, and whether all is as before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, QuerySet

from apps.core.models import AuditEntry
from apps.editing.services.bulk import Changes, Selection, apply, preview, undo_bulk
from apps.library.models import Tag, Video
from benchmarks import place
from benchmarks.report import Report

_MOST_S = 10.0
_EDITED = 100_000
_COPY = "bench_bulk"
# what each edit changes, and the ids of links, which are written anew
_LEFT_OUT = {
    "library_video": {"version", "updated_at"}, "library_videotag": {"id"},
    "library_videoperformer": {"id"},
}  # fmt: skip


def run(report: Report) -> None:
    """On a copy of the catalogue; ``MEDIAHUB_BENCH_VIDEOS`` makes a smaller one."""
    from benchmarks.filling import use_catalogue

    made = use_catalogue()
    name = connection.settings_dict["NAME"]
    place.copy_database(_COPY, template=name)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # as workers have it
        count = min(_EDITED, made["videos"])
        every = made["videos"] // count
        spread = Video.objects.annotate(nth=F("id") % every).filter(nth=0)
        together = Video.objects.filter(pk__lte=count)
        for what, videos in ((f"each {every}. video", spread), ("videos side by side", together)):
            _tag(report, what, videos)
        _by_hand(report, count)
        _others(report, spread, f"each {every}. video")
    finally:
        place.use_database(name)
        place.drop_database(_COPY)


def _tag(report: Report, what: str, videos: QuerySet[Video]) -> None:
    """Tag them, and undo it, as a job does: measured to the end of the last commit."""
    tag = Tag.objects.order_by("-pk")[0]
    changes = Changes.read({"tags": {"add": [tag.pk]}})
    with connection.cursor() as cursor:  # as autovacuum has, some minutes after what was before
        cursor.execute("VACUUM ANALYZE library_video, library_videolabels")
    before = _digests()
    with _measured() as spent:
        foreseen = preview(Selection(videos), changes)
    report.add(f"foresee: tag {what}", spent[0], "s", note=f"{foreseen.matched:,} videos")
    with _measured() as spent:
        outcome = apply(Selection(videos), changes, shared=True)
    note = f"{outcome.changed:,} videos; {spent[1]:.1f} s of a processor in the first connection"
    report.add(f"tag {what}", spent[0], "s", most=_MOST_S, note=note)
    assert outcome.entry
    report.check(f"tag {what}: all have it, and are counted", holds=_is_right(tag, outcome.entry))
    with _measured() as spent:
        undone = undo_bulk(outcome.entry, shared=True)
    note = f"{undone.entry.row_count:,} videos; {spent[1]:.1f} s of a processor in the first one"
    report.add(f"undo: tag {what}", spent[0], "s", most=_MOST_S, note=note)
    after = _digests()
    differ = [table for table, digest in before.items() if after[table] != digest]
    note = f"differing: {', '.join(differ)}" if differ else f"{len(before)} tables"
    report.check(f"undo: tag {what}: the catalogue is as before", holds=not differ, note=note)


def _is_right(tag: Tag, entry: AuditEntry) -> bool:
    links = Video.objects.filter(tag_links__tag=tag).count()
    arrays = Video.objects.filter(tag_ids__contains=[tag.pk]).count()
    tag.refresh_from_db()
    return links == arrays == tag.video_count >= entry.row_count == entry.rows.count()


def _by_hand(report: Report, count: int) -> None:
    """The limit: the same links and columns, written by SQL that checks and keeps nothing."""
    with _measured() as spent, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('mediahub.bulk', 'on', true)")
        tag = Tag.objects.order_by("-pk")[0].pk
        cursor.execute(
            "INSERT INTO library_videotag (video_id, tag_id)"
            " SELECT id, %s FROM library_video WHERE id <= %s ON CONFLICT DO NOTHING",
            [tag, count],
        )
        cursor.execute(
            "UPDATE library_video SET tag_ids = tag_ids || %s::bigint, version = version + 1,"
            " updated_at = now() WHERE id <= %s AND NOT tag_ids @> ARRAY[%s::bigint]",
            [tag, count, tag],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the commit would look at
        transaction.set_rollback(True)
    note = f"{spent[1]:.1f} s of a processor in PostgreSQL"
    report.add("limit: tag videos side by side by hand", spent[0], "s", note=note)


def _others(report: Report, videos: QuerySet[Video], which: str) -> None:
    """Other changes of the same videos, each rolled back."""
    for what, changes in {
        "rate": {"rating": 80},
        "rename by a regular expression": {
            "title": {"find": "^(.)", "replace": r"\1", "regex": True, "case": True}
        },
    }.items():
        with _measured() as spent:
            outcome = preview(Selection(videos), Changes.read(changes))
        report.add(f"foresee: {what} {which}", spent[0], "s", note=f"{outcome.changed:,}")


def _digests() -> dict[str, str]:
    """Of each of the catalogue's tables one of all rows, whatever their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name::text, array_agg(column_name::text ORDER BY ordinal_position)"
            " FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name LIKE 'library\\_%%'"
            " GROUP BY 1 ORDER BY 1"
        )
        tables = cursor.fetchall()
        found = {}
        for table, columns in tables:
            kept = [f'"{c}"' for c in columns if c not in _LEFT_OUT.get(table, ())]
            row = f"ROW({', '.join(kept)})::text"
            cursor.execute(
                f"SELECT count(*) || ' ' || COALESCE(sum(hashtextextended({row}, 1)::numeric), 0)"
                f" || ' ' || COALESCE(sum(hashtextextended({row}, 2)::numeric), 0) FROM {table}"
            )
            [found[table]] = cursor.fetchone()
        return found


@contextmanager
def _measured() -> Iterator[list[float]]:
    """Seconds by the clock, and of a processor in the connection's server process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    spent: list[float] = []
    began, worked = time.perf_counter(), _worked(pid)
    yield spent
    spent += [time.perf_counter() - began, _worked(pid) - worked]


def _worked(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100

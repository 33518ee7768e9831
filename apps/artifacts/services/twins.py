"""Keeps ``Video.twin_distance``: how like a video the most similar other one looks.

``ComparedHash`` says what was compared: of its rows, and of nothing else, the distances are true
after every transaction. So whatever changes, by whomever, is found by comparing it with what is
there now, and a run that is killed is taken up where it was.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction

from apps.artifacts.likeness import NONE_NEAR, Hashes, Neighbours, Numbers
from apps.core.progress import Progress, silent

Guard = Callable[[], AbstractContextManager[None]]
# whose rows say what there is to compare
COMPARED_FROM = (
    "library_video", "library_file", "artifacts_fingerprint", "artifacts_comparedhash",
)  # fmt: skip
_BATCH = 10_000
_PORTION = 50_000

# Black and still pictures are like all others of their kind: they have no twins.
_CHANGED = """
    FROM artifacts_comparedhash compared
    FULL JOIN (
        SELECT video.id, fingerprint.phash FROM library_video video
        JOIN library_file file ON file.id = video.primary_file_id
        JOIN artifacts_fingerprint fingerprint ON fingerprint.content = file.content
        WHERE fingerprint.grade <> 'flat'
    ) present ON present.id = compared.video_id
    WHERE compared.phash IS DISTINCT FROM present.phash
"""
_CHANGES = f"""
    SELECT COALESCE(present.id, compared.video_id),
        (compared.phash IS NOT NULL)::int, COALESCE(compared.phash, 0),
        (present.phash IS NOT NULL)::int, COALESCE(present.phash, 0)
    {_CHANGED} ORDER BY 1
"""
_FORGET = "DELETE FROM artifacts_comparedhash WHERE video_id = ANY(%s)"
_REMEMBER = """
    INSERT INTO artifacts_comparedhash (video_id, phash)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[])
    ON CONFLICT (video_id) DO UPDATE SET phash = EXCLUDED.phash
"""
# Locked in order beforehand, lest two writers wait for each other.
_WRITE = """
    WITH locked AS (
        SELECT video.id, NULLIF(said.bits, %s) AS bits
        FROM library_video video
        JOIN unnest(%s::bigint[], %s::smallint[]) said(id, bits) ON said.id = video.id
        WHERE video.twin_distance IS DISTINCT FROM NULLIF(said.bits, %s)
        ORDER BY video.id FOR NO KEY UPDATE OF video
    )
    UPDATE library_video video SET twin_distance = locked.bits
    FROM locked WHERE locked.id = video.id
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """Hashes by video."""

    ids: Numbers
    hashes: Hashes


@dataclass(frozen=True, slots=True)
class _Changes:
    """What went, what came, and which videos that is about."""

    ids: Numbers
    went: Hashes
    came: _Known

    @property
    def gone(self) -> Numbers:
        """Videos that have no hash any more, or are no more."""
        return np.setdiff1d(self.ids, self.came.ids, assume_unique=True)


def is_behind() -> bool:
    """Whether there is anything to compare."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {_CHANGED})")
        return bool(cursor.fetchone()[0])


def find_twins(*, report: Progress = silent, guard: Guard = transaction.atomic) -> dict[str, int]:
    """Compare what is new, changed or gone; how many videos were.

    Takes some 120 MB of memory for 100,000 videos. One run at a time: another would not see what
    this one is about to write. ``report`` counts videos.
    """
    changes = _rows(_CHANGES, columns=5)
    rows = _rows("SELECT video_id, phash FROM artifacts_comparedhash", columns=2)
    known = _Known(rows[:, 0], rows[:, 1].view(np.uint64))
    for start in range(0, len(changes), _BATCH):
        report(start, len(changes))
        part = _read(changes[start : start + _BATCH])
        known = _changed(known, part)
        videos = _compared(known, part)
        with guard():
            _write(part, videos)
    report(len(changes), len(changes))
    return {"compared": len(changes)}


def _rows(statement: str, *, columns: int) -> Numbers:
    """The whole numbers that a statement gives, a row each."""
    parts = [np.empty((0, columns), dtype=np.int64)]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_PORTION):
            parts.append(np.array(rows, dtype=np.int64))
    return np.ascontiguousarray(np.concatenate(parts))


def _read(rows: Numbers) -> _Changes:
    ids, had, before, has, now = np.ascontiguousarray(rows.T)
    came = has == 1
    return _Changes(
        ids, before[had == 1].view(np.uint64), _Known(ids[came], now[came].view(np.uint64))
    )


def _changed(known: _Known, changes: _Changes) -> _Known:
    stays = ~np.isin(known.ids, changes.ids)
    return _Known(
        np.concatenate([known.ids[stays], changes.came.ids]),
        np.concatenate([known.hashes[stays], changes.came.hashes]),
    )


def _compared(known: _Known, changes: _Changes) -> Numbers:
    """The videos whose nearest may be another now, and the bits between."""
    distinct, which, times = np.unique(known.hashes, return_inverse=True, return_counts=True)
    around = Neighbours(distinct)
    touched = around.near(np.unique(np.concatenate([changes.went, changes.came.hashes])))
    bits = around.nearest(distinct[touched])
    bits[times[touched] > 1] = 0
    of_hash = np.full(len(distinct), -1, dtype=np.int64)
    of_hash[touched] = bits
    found = of_hash[which]
    return np.stack([known.ids[found >= 0], found[found >= 0]])


def _write(changes: _Changes, videos: Numbers) -> None:
    gone, came = changes.gone.tolist(), changes.came
    ids, bits = videos.tolist()
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [gone])
        cursor.execute(_REMEMBER, [came.ids.tolist(), came.hashes.view(np.int64).tolist()])
        said = [[*ids, *gone], [*bits, *[NONE_NEAR] * len(gone)]]
        cursor.execute(_WRITE, [NONE_NEAR, *said, NONE_NEAR])

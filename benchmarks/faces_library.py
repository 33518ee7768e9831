"""Placing new faces among 100,000 people, and grouping a library of 100,000 faces, with rows."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import place
from benchmarks.faces_grouping import invent, peak_mb, restart_peak
from benchmarks.report import Report

_MOST_PLACED_MS = 5.0
_PLACED, _ALONE = 180, 60
_VIDEO = 5  # faces of a video
_NAMED, _CONFIRMED = 1_000, 5  # people with a name, and confirmed faces of each


def measure(report: Report) -> None:
    """``MEDIAHUB_BENCH_PEOPLE`` is another number of people, and of faces, than 100,000."""
    count = int(os.environ.get("MEDIAHUB_BENCH_PEOPLE") or 100_000)
    with _database("bench_faces_placing"):
        _measure_placing(report, count)
    with _database("bench_faces_regroup"):
        _measure_regrouping(report, count)


@contextmanager
def _database(name: str) -> Iterator[None]:
    from django.db import connection

    before = connection.settings_dict["NAME"]
    place.make_database(name)
    try:
        yield
    finally:
        place.use_database(before)
        place.drop_database(name)


def _measure_placing(report: Report, people: int) -> None:
    """Every other new face is of somebody known. Some come alone, others as videos bring them."""
    from apps.faces.grouping import Thresholds
    from apps.faces.grouping.placing import Face, decide
    from apps.faces.services import vectors
    from apps.faces.services.place import place as place_faces

    known, _ = invent(people, people // 5, seed=1)
    named = min(_NAMED, people)
    name_people(write_people(known)[:named], known[:named])
    strangers, _ = invent(_PLACED, _PLACED, seed=2)
    near = known[:_PLACED] + 0.03 * np.random.default_rng(3).standard_normal(known[:_PLACED].shape)
    new = np.where((np.arange(_PLACED) % 2 == 0)[:, None], near, strangers)
    tracks = write_tracks((new / np.linalg.norm(new, axis=1, keepdims=True)).astype(np.float32))

    began = time.perf_counter()
    gallery = vectors.matrix("yunet-sface-1", width=known.shape[1])
    report.add(f"{people:,} people: read once by a process", time.perf_counter() - began, "s")
    plain, sums = [], []
    for vector in new.astype(np.float32):
        began, cpu = time.perf_counter(), time.process_time()
        likeness = gallery.likeness(vector[None])
        decide([Face(12)], vector[None], likeness, gallery.all_identities, Thresholds(0.55, 0.45))
        plain.append(1_000 * (time.perf_counter() - began))
        sums.append(1_000 * (time.process_time() - cpu))
    alone = [_timed(place_faces, [track]) for track in tracks[:_ALONE].tolist()]
    videos = tracks[_ALONE:].reshape(-1, _VIDEO).tolist()
    together = [_timed(place_faces, video) / _VIDEO for video in videos]
    note = f"load {os.getloadavg()[0]:.1f}"
    report.add(f"a face placed among {people:,}: sums alone, median", statistics.median(plain),
               "ms", most=_MOST_PLACED_MS,
               note=f"{note}; our CPU {statistics.median(sums):.1f} ms")  # fmt: skip
    what = f"a face placed among {people:,}, {named:,} of them named"
    for how, each in (("", together), (", a video's only one", alone)):
        wall, cpu = np.median(each, axis=0)
        report.add(f"{what}{how}: with rows and names, median", wall, "ms", most=_MOST_PLACED_MS,
                   note=f"{note}; our CPU {cpu:.1f} ms")  # fmt: skip
    report.details["placed_ms"] = {"alone": _rows(alone), "of videos": _rows(together)}


def _timed(work: Callable[[list[int]], Any], faces: list[int]) -> NDArray[np.float64]:
    """Milliseconds by the clock, and of our processor."""
    began, cpu = time.perf_counter(), time.process_time()
    work(faces)
    return 1_000 * np.array([time.perf_counter() - began, time.process_time() - cpu])


def _rows(times: list[NDArray[np.float64]]) -> list[list[float]]:
    return np.sort(np.array(times), axis=0).round(2).tolist()


def _measure_regrouping(report: Report, faces: int) -> None:
    """All of them wait: the first grouping of a library; then once more, when all is done."""
    from apps.faces.grouping import bcubed
    from apps.faces.models import Track
    from apps.faces.services.regroup import regroup

    found, truth = invent(faces, faces // 50, seed=4)
    write_tracks(found)
    del found
    restart_peak()
    began = time.monotonic()
    regroup()
    report.add(f"{faces:,} faces grouped, with rows", time.monotonic() - began, "s",
               note=f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    report.add(f"{faces:,} faces grouped, with rows: memory", peak_mb(), "MB")
    rows = Track.objects.order_by("pk").values_list("identity_id", flat=True)
    labels = np.array([-1 if pk is None else pk for pk in rows], np.int64)
    report.add(f"{faces:,} faces grouped, with rows: B-cubed F1", bcubed(labels, truth).f1)
    began = time.monotonic()
    report.check("grouped again nothing changes", holds=regroup() is None,
                 note=f"{time.monotonic() - began:.0f} s")  # fmt: skip


def write_people(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Identities with these middles (n, d); their ids."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO faces_identity (created_at, updated_at, version, provenance,"
            " locked_fields, ignored, opted_out, settled, track_count, video_count,"
            " confirmed_count) SELECT now(), now(), 1, '{}', '{}', false, false, false, 1, 1, 0"
            " FROM generate_series(1, %s) RETURNING id",
            [len(vectors)],
        )
        ids = np.sort(np.array(cursor.fetchall(), np.int64)[:, 0])
        columns = "identity_id, engine, vector, length, tracks"
        with cursor.copy(f"COPY faces_identityvector ({columns}) FROM STDIN") as copy:  # type: ignore[attr-defined]
            for pk, vector in zip(ids.tolist(), vectors, strict=True):
                copy.write_row((pk, "yunet-sface-1", vector.astype("<f4").tobytes(), 1.0, 1))
        cursor.execute("ANALYZE faces_identity, faces_identityvector")
    return ids


def name_people(identities: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
    """Give each a performer, and confirmed faces about their vector (n, d)."""
    from django.db import connection

    from apps.library.models import Performer

    noise = 0.04 * np.random.default_rng(5).standard_normal((_CONFIRMED, *vectors.shape))
    faces = (vectors + noise).reshape(-1, vectors.shape[1])
    tracks = write_tracks(faces / np.linalg.norm(faces, axis=1, keepdims=True))
    performers = [
        row.pk
        for row in Performer.objects.bulk_create(
            [Performer(name=f"Somebody {pk}") for pk in identities.tolist()]
        )
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE faces_track track SET identity_id = row.identity, verdict = 'confirmed'"
            " FROM unnest(%s::bigint[], %s::bigint[]) row(id, identity) WHERE track.id = row.id",
            [tracks.tolist(), np.tile(identities, _CONFIRMED).tolist()],
        )
        cursor.execute(
            "UPDATE faces_identity identity SET performer_id = row.performer, settled = true,"
            " confirmed_count = %s FROM unnest(%s::bigint[], %s::bigint[]) row(id, performer)"
            " WHERE identity.id = row.id",
            [_CONFIRMED, identities.tolist(), performers],
        )
        cursor.execute("ANALYZE faces_identity, faces_track, library_performer")


def write_tracks(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Faces that wait, some to a video and none of one moment; their ids."""
    from django.db import connection

    from tests.factories import make_video

    videos = [make_video().pk for _ in range(min(200, 1 + len(vectors) // _VIDEO))]
    times = [n // len(videos) * 1_000 for n in range(len(vectors))]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO faces_track (created_at, updated_at, video_id, detector, times_ms,"
            " start_ms, end_ms, faces, size_px, quality, verdict, band, candidates, portrait)"
            " SELECT now(), now(), video, 'yunet-2023mar', ARRAY[at], at, at, 1, 80, 90, '',"
            " 'unknown', '[]', '' FROM unnest(%s::bigint[], %s::int[]) row(video, at) RETURNING id",
            [[videos[n % len(videos)] for n in range(len(vectors))], times],
        )
        ids = np.sort(np.array(cursor.fetchall(), np.int64)[:, 0])
        with cursor.copy(
            "COPY faces_trackvector (track_id, engine, vector, norm) FROM STDIN"
        ) as copy:  # type: ignore[attr-defined]
            for pk, vector in zip(ids.tolist(), vectors, strict=True):
                copy.write_row((pk, "yunet-sface-1", vector.astype("<f2").tobytes(), 12.0))
        cursor.execute("ANALYZE faces_track, faces_trackvector")
    return ids


def main() -> dict[str, Any]:
    place.use_own_data()
    report = Report("faces_library")
    measure(report)
    return report.details


if __name__ == "__main__":
    main()

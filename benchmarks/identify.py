"""Identifying 10,000 videos at the stand-in by three workers, and what a labelled set comes to."""

import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from benchmarks import place
from benchmarks.processes import size_kb
from benchmarks.report import Report

_WORKERS = 3
_AT_ONCE = 40
_PER_MINUTE = 240
_MOST_GROWTH_MB = 24.0
_STATEMENTS = 80  # of a batch in which everything is applied
_FAMILIES = 12
_LOOKUP = "findScenesBySceneFingerprints"
_TITLE = "Scene {number} of the stand-in"


def run(report: Report) -> None:
    """``MEDIAHUB_BENCH_IDENTIFY`` is another number of videos, ``MEDIAHUB_BENCH_FAMILIES`` of
    families of the labelled set, of 12 videos each."""
    _load(report, int(os.environ.get("MEDIAHUB_BENCH_IDENTIFY") or 10_000))
    _label(report, int(os.environ.get("MEDIAHUB_BENCH_FAMILIES") or _FAMILIES))


def _load(report: Report, count: int) -> None:
    """Every other video is known, by its file; nine of ten of these are certain."""
    from tests.stashbox.standin import serve

    with _database("bench_identify"):
        data, applied = _invent(count)
        with serve(data) as standin:
            _add_box(standin.url)
            began = time.monotonic()
            said = _work_beside_each_other(count)
            took = time.monotonic() - began
            _judge(report, standin, count=count, applied=applied, said=said)
            again = _work_beside_each_other(count)
            report.check(
                "again: nothing is asked or applied", holds=not _total(again, "requests"),
                note=f"{_total(again, 'applied')} applied",
            )  # fmt: skip
        report.add(f"{count:,} videos by {_WORKERS} workers", took, "s",
                   note=f"at {_PER_MINUTE} requests a minute")  # fmt: skip


@contextmanager
def _database(name: str) -> Iterator[None]:
    """An empty one, until the block ends."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    place.make_database(name)
    try:
        yield
    finally:
        place.use_database(before)
        place.drop_database(name)


def _invent(count: int) -> tuple[Any, int]:
    from tests.factories import make_library, make_video
    from tests.stashbox.standin import Data

    data, library, applied = Data(), make_library(), 0
    studio = data.add_studio("A studio")
    cast = [data.add_performer(f"Performer {number}") for number in range(50)]
    tags = [data.add_tag(f"Tag {number}") for number in range(20)]
    for number in range(count):
        video = make_video(f"file {number}", library=library)
        if number % 2:
            continue
        certain = number % 20 != 0
        applied += certain
        assert video.primary_file
        data.add_scene(
            title=_TITLE.format(number=number), duration=60, studio=studio,
            prints=[("OSHASH", video.primary_file.oshash, 60 if certain else 64)],
            performers=[cast[number % 50]], tags=[tags[number % 20]],
            release_date="2020-05-17",
        )  # fmt: skip
    return data, applied


def _add_box(url: str) -> None:
    from apps.core.sealing import seal
    from apps.stashbox.models import StashBox
    from apps.stashbox.services.boxes import settings_of_all
    from tests.stashbox.standin import KEY

    StashBox.objects.create(
        name="Stand-in", url=url, sealed_key=seal(KEY), allow_private=True,
        requests_per_minute=_PER_MINUTE,
    )  # fmt: skip
    settings = settings_of_all()
    settings.search_text = False
    settings.save()


def _work_beside_each_other(count: int) -> list[dict[str, Any]]:
    """What each worker said of its part, of whole requests, as jobs have them."""
    requests = math.ceil(count / _AT_ONCE)
    bounds = [min(count, _AT_ONCE * (requests * n // _WORKERS)) for n in range(_WORKERS)] + [count]
    from apps.library.models import Video

    ids = list(Video.objects.order_by("pk").values_list("pk", flat=True))
    parts = [ids[first:last] for first, last in pairwise(bounds)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.identify", str(part[0]), str(part[-1])],
            stdout=subprocess.PIPE, text=True, cwd=place.ROOT,
            env={**os.environ, "MEDIAHUB_LOG_LEVEL": "ERROR"},
        )
        for part in parts if part
    ]  # fmt: skip
    said = [json.loads(worker.communicate()[0]) for worker in workers]
    if any(worker.returncode for worker in workers):
        raise RuntimeError("A worker failed.")
    return said


def _judge(
    report: Report, standin: Any, *, count: int, applied: int, said: list[dict[str, Any]]
) -> None:
    lookups = standin.asked(_LOOKUP)
    most = math.ceil(count / _AT_ONCE)
    report.add("requests", len(standin.requests), most=most, note=f"of {_AT_ONCE} videos")
    asked = sum(each.scenes for each in lookups)
    report.check("every video was asked about once", holds=asked == count, note=f"{asked:,}")
    report.add(
        "at the server: most requests within 60 s", standin.most_within(60), most=_PER_MINUTE
    )
    done = _total(said, "applied")
    report.check("all that is certain was applied, once", holds=done == applied == _entries())
    review = _total(said, "review")
    report.check("the rest of what is known waits for review", holds=review == count // 20)
    growth = max(each["grown_mb"] for each in said)
    report.add("memory: a worker from its 5th batch to its last", growth, "MB",
               most=_MOST_GROWTH_MB)  # fmt: skip
    statements = {number for each in said for number in each["statements"]}
    report.add("SQL statements of a batch, at most", max(statements), most=_STATEMENTS)
    report.details["statements"] = sorted(statements)
    standin.check()


def _entries() -> int:
    from apps.core.models import AuditEntry

    return AuditEntry.objects.filter(object_type="library.video").count()


def _total(said: list[dict[str, Any]], name: str) -> int:
    return sum(each[name] for each in said)


def _label(report: Report, families: int) -> None:
    from apps.library.models import Video
    from apps.stashbox.services.identify import identify
    from tests.stashbox.labelled import catalogue, make_files, measure, precision, teach
    from tests.stashbox.standin import Data, Settings, serve

    folder = place.BUILD / "labelled"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _database("bench_labelled"):
        make_files(folder, families)
        data = Data()
        labels = teach(data, catalogue(folder))
        with serve(data, settings=Settings(distance=8)) as standin:
            _add_box(standin.url)
            identify(Video.objects.all())
        found = measure(labels)
    shutil.rmtree(folder)
    report.add("precision of what is applied unasked", precision(found.values()), least=1.0)
    for kind, each in sorted(found.items()):
        report.say(
            kind,
            f"{each.applied} of {each.videos} applied, {each.offered} offered"
            + (f", {each.wrongly_offered} others offered" if each.wrongly_offered else ""),
        )
    report.details["kinds"] = {kind: asdict(each) for kind, each in found.items()}


def _worker(first: int, last: int) -> dict[str, Any]:
    """Identify a part, watching the memory and counting the statements of each batch."""
    from django.db import connection

    from apps.library.models import Video
    from apps.stashbox.services.identify import identify

    sizes: list[int] = []
    counts: list[int] = []
    executed = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal executed
        executed += 1
        return execute(*arguments)

    def watch(_done: int, _total: int | None = None, /, **facts: Any) -> None:
        nonlocal executed
        if facts["requests"] > len(sizes):
            sizes.append(size_kb(os.getpid()))
            counts.append(executed)
            executed = 0

    with connection.execute_wrapper(count):
        found = identify(Video.objects.filter(pk__range=(first, last)), report=watch)
    early = sizes[min(5, len(sizes) - 1)] if sizes else 0
    return {
        "requests": found.requests, "applied": found.applied, "review": found.review,
        "failed": found.failed, "statements": sorted(set(counts)),
        "grown_mb": max(0, (sizes[-1] if sizes else 0) - early) / 1_024,
    }  # fmt: skip


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(_worker(int(sys.argv[1]), int(sys.argv[2]))))

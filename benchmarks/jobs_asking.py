"""``python -m benchmarks.jobs_asking WHOSE rate|notes N FILE``: ask for work, and say how long
that took. The functions that do the work of the peers are here, too.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import procrastinate
from procrastinate import PsycopgConnector

_PAUSE_S = 0.25


def nothing() -> None:
    """Work that does nothing."""


def note(file: str) -> None:
    """Adds the time to a file."""
    with Path(file).open("a") as opened:
        opened.write(f"{time.time()}\n")


app = procrastinate.App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))
_deferred_nothing = app.task(name="nothing")(nothing)
_deferred_note = app.task(name="note")(note)

Asking = tuple[Callable[[], object], Callable[[str], object]]


def _ask_procrastinate() -> Asking:
    app.open()
    return _deferred_nothing.defer, lambda file: _deferred_note.defer(file=file)


def _ask_django_q2() -> Asking:
    import django

    django.setup()
    from django_q.tasks import async_task

    place = "benchmarks.jobs_asking"
    return lambda: async_task(f"{place}.nothing"), lambda file: async_task(f"{place}.note", file)


def _ask_us() -> Asking:
    import django

    django.setup()
    from apps.jobs.services.lifecycle import enqueue
    from tests.rigs.work import tasks

    return lambda: enqueue(tasks.nothing), lambda file: enqueue(tasks.note, {"file": file})


_ASKINGS = {"procrastinate": _ask_procrastinate, "django-q2": _ask_django_q2, "ours": _ask_us}


def main(whose: str, deed: str, number: int, file: str) -> None:
    ask_nothing, ask_note = _ASKINGS[whose]()
    if deed == "rate":
        ask_nothing()  # connects
        began = time.perf_counter()
        for _ in range(number - 1):
            ask_nothing()
        print((number - 1) / (time.perf_counter() - began))
    else:
        for _ in range(number):
            ask_note(file)
            print(time.time())
            time.sleep(_PAUSE_S)
    if whose == "procrastinate":
        app.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])

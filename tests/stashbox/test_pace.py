"""All programs together stay below a box's rate."""

import subprocess
import sys
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.core import process
from apps.stashbox.models import StashBox
from apps.stashbox.services.pace import NoTurn, put_off, wait_for_turn
from tests.stashbox.factories import make_box

pytestmark = pytest.mark.django_db

# Takes turns, and says for each when it came: by the database's clock, as others do.
_WORKER = """
import sys
import django
django.setup()
from django.db import connection
from apps.stashbox.models import StashBox
from apps.stashbox.services.pace import wait_for_turn
box = StashBox.objects.get(pk=int(sys.argv[1]))
print("up", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    wait_for_turn(box)
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        print(cursor.fetchone()[0], flush=True)
"""


def seconds_until_next(box: StashBox) -> float:
    box.refresh_from_db()
    assert box.next_request_at
    return (box.next_request_at - timezone.now()).total_seconds()


def test_the_first_turn_is_at_once_and_the_others_follow_at_their_distance() -> None:
    box, slept = make_box(requests_per_minute=61), []

    for _ in range(3):
        wait_for_turn(box, sleep=slept.append)

    assert [round(seconds) for seconds in slept] == [1, 2]
    assert 2 < seconds_until_next(box) <= 3


def test_time_that_nobody_used_is_not_made_up_for() -> None:
    box, slept = make_box(requests_per_minute=61), []
    StashBox.objects.update(next_request_at=timezone.now() - timedelta(hours=1))

    for _ in range(2):
        wait_for_turn(box, sleep=slept.append)

    assert [round(seconds) for seconds in slept] == [1]


def test_boxes_have_turns_of_their_own() -> None:
    slept: list[float] = []
    for box in (make_box(requests_per_minute=1), make_box(requests_per_minute=1)):
        wait_for_turn(box, sleep=slept.append)

    assert slept == []


def test_who_was_put_off_waits() -> None:
    box, slept = make_box(), []

    put_off(box, 30)
    put_off(box, 10)  # sooner than was said: changes nothing
    wait_for_turn(box, sleep=slept.append)

    assert [round(seconds) for seconds in slept] == [30]


def test_a_turn_that_is_too_far_away_is_not_taken() -> None:
    box = make_box()
    put_off(box, 1e12)
    before = seconds_until_next(box)

    with pytest.raises(NoTurn):
        wait_for_turn(box, sleep=pytest.fail)
    put_off(box, -5)

    assert seconds_until_next(box) <= before <= 86_400


def test_a_box_that_was_deleted_has_no_turn() -> None:
    box = make_box()
    StashBox.objects.all().delete()

    with pytest.raises(NoTurn):
        wait_for_turn(box)


def test_the_version_stays_for_nobody_edited_anything() -> None:
    box = make_box()
    wait_for_turn(box)
    version, updated = box.version, box.updated_at
    box.refresh_from_db()

    assert (box.version, box.updated_at) == (version, updated)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_nothing_is_held_while_somebody_waits(self) -> None:
        box = make_box(requests_per_minute=61)
        wait_for_turn(box)

        def sleep(_: float) -> None:
            assert not connection.in_atomic_block
            with transaction.atomic():
                StashBox.objects.select_for_update(nowait=True).get()

        wait_for_turn(box, sleep=sleep)

        with pytest.raises(RuntimeError), transaction.atomic():
            wait_for_turn(box)

    def test_threads_never_get_the_same_turn(self) -> None:
        box, slept, start = make_box(requests_per_minute=61), [], Barrier(6)

        def take() -> None:
            start.wait()
            for _ in range(5):
                wait_for_turn(box, sleep=slept.append)
            connection.close()

        threads = [Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        # each a second after the one before it, less what taking them took
        apart = [b - a for a, b in zip(sorted(slept), sorted(slept)[1:], strict=False)]
        assert len(slept) == 29
        assert min(apart) > 0.5

    def test_three_programs_stay_below_the_rate(self) -> None:
        box = make_box(requests_per_minute=1_220)  # every 50 ms
        workers = [
            process.spawn(
                [sys.executable, "-c", _WORKER, str(box.pk), "8"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for _ in range(3)
        ]  # fmt: skip
        try:
            for worker in workers:
                assert worker.stdout
                assert worker.stdout.readline() == b"up\n"
            taken: list[float] = []
            for worker in workers:
                assert worker.stdin
                worker.stdin.write(b"go\n")
                worker.stdin.flush()
            for worker in workers:
                out, _ = worker.communicate(timeout=30)
                assert worker.returncode == 0
                taken += [float(line) for line in out.split()]
        finally:
            for worker in workers:
                process.kill(worker)

        # Who is late makes no other early: in any time there are no more than fit, and one.
        taken.sort()
        assert len(taken) == 24
        assert taken[-1] - taken[0] > 23 * 0.05 - 0.045

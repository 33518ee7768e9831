"""What is called again and again."""

import threading

import pytest
from django.db import OperationalError, connection

from apps.jobs.management.commands.scheduler import repeat_all
from apps.jobs.registry import Periodic


@pytest.mark.django_db(transaction=True)
def test_neither_a_slow_nor_a_failing_one_keeps_the_others_waiting() -> None:
    stop, slow_may_end = threading.Event(), threading.Event()
    called = {"often": 0, "failing": 0, "away": 0}

    def slow() -> None:
        slow_may_end.wait(10)

    def often() -> None:
        connection.ensure_connection()
        called["often"] += 1
        if min(called.values()) >= 3:
            stop.set()
            slow_may_end.set()

    def failing() -> None:
        called["failing"] += 1
        raise ZeroDivisionError

    def away() -> None:
        called["away"] += 1
        raise OperationalError

    calls = (("slow", slow), ("often", often), ("failing", failing), ("away", away))
    repeat_all([Periodic(name, 0.01, call) for name, call in calls], stop)

    assert min(called.values()) >= 3

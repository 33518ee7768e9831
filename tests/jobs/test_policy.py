"""How often and when a kind of job is tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.jobs.policy import check_settings, policy_of
from apps.jobs.registry import UnknownTask


def test_delays_grow_up_to_a_bound_and_differ_a_little(settings: Any) -> None:
    settings.MEDIAHUB_JOB_RETRY_SECONDS, settings.MEDIAHUB_JOB_RETRY_FACTOR = 10, 3
    settings.MEDIAHUB_JOB_RETRY_MOST_SECONDS = 100
    settings.MEDIAHUB_JOB_RETRY_JITTER_PERCENT = 20
    policy = policy_of("tests.count")

    for attempt, seconds in ((1, 10), (2, 30), (3, 90), (4, 100), (1_000, 100)):
        delays = {policy.delay_after(attempt) for _ in range(20)}
        assert len(delays) > 1
        assert timedelta(seconds=0.8 * seconds) <= min(delays)
        assert max(delays) <= timedelta(seconds=1.2 * seconds)


def test_an_operator_may_say_otherwise_for_a_kind(settings: Any) -> None:
    settings.MEDIAHUB_JOB_ATTEMPTS = 3
    settings.MEDIAHUB_JOB_KINDS = ["tests.count.attempts=7", "tests.count.time_limit_s=60"]

    said, other = policy_of("tests.count"), policy_of("tests.fail")

    assert (said.attempts, said.time_limit_s) == (7, 60)
    assert (other.attempts, other.time_limit_s) == (3, 0)


@pytest.mark.parametrize(
    "rule", ["", "attempts=3", "tests.count.attempts", "tests.count.attempts=many", "a.b.color=3"]
)
def test_a_rule_that_cannot_be_read_is_named(settings: Any, rule: str) -> None:
    settings.MEDIAHUB_JOB_KINDS = [rule]

    with pytest.raises(ImproperlyConfigured, match="MEDIAHUB_JOB_KINDS"):
        check_settings()


def test_an_unknown_kind_has_none() -> None:
    with pytest.raises(UnknownTask):
        policy_of("gone.task")

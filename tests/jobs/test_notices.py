"""How one's own jobs ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.choices import JobState
from apps.jobs.services.notices import mark_seen, unseen
from tests.factories import NOON, make_job, make_user

PAST = NOON - timedelta(days=300)

pytestmark = pytest.mark.django_db


def test_tells_of_ones_own_whole_jobs_that_ended() -> None:
    user = make_user()
    first = make_job(JobState.FAILED, requested_by=user, finished_at=PAST)
    batch = make_job(JobState.SUCCEEDED, requested_by=user, finished_at=PAST + timedelta(hours=1))
    make_job(JobState.FAILED, requested_by=user, parent=batch)
    make_job(JobState.RUNNING, requested_by=user)
    make_job(JobState.SUCCEEDED, requested_by=make_user())
    make_job(JobState.SUCCEEDED)

    assert list(unseen(user)) == [batch, first]

    mark_seen(user, now=PAST)
    assert list(unseen(user)) == [batch]


def test_what_was_seen_stays_seen_and_the_future_is_not() -> None:
    user, now = make_user(), timezone.now()
    make_job(JobState.SUCCEEDED, requested_by=user, finished_at=now - timedelta(hours=1))
    mark_seen(user, now=now + timedelta(days=9))
    mark_seen(user, now=PAST)
    later = make_job(JobState.FAILED, requested_by=user, finished_at=now + timedelta(hours=1))

    assert list(unseen(user)) == [later]

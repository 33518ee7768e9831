"""Looking for people elsewhere once they are known."""

from typing import Any

import pytest

from apps.faces.choices import Band, Verdict
from apps.faces.models import Identity
from apps.faces.services import verdicts
from apps.faces.services.recognising import recognise
from apps.jobs.models import Job
from tests.faces.factories import alike, make_identity, make_track, person
from tests.factories import make_performer

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Identity:
    """Known by a confirmed face."""
    anna = make_identity(make_performer("Anna"), middle=person(1))
    make_track(identity=anna, vector=person(1), verdict=Verdict.CONFIRMED)
    return anna


def test_groups_that_are_alike_get_a_candidate(anna: Identity) -> None:
    hers, somebodys = alike(person(1), 0.7), person(2)
    one = make_track(identity=make_identity(middle=hers, track_count=1), vector=hers)
    other = make_track(identity=make_identity(middle=somebodys), vector=somebodys)

    recognise([anna.performer_id or 0])

    one.refresh_from_db()
    other.refresh_from_db()
    assert one.candidates[0]["performer_id"] == anna.performer_id
    assert one.band == Band.APPLIED
    assert other.candidates == []


def test_who_is_not_known_any_more_is_nobodys_candidate(anna: Identity) -> None:
    hers = alike(person(1), 0.7)
    one = make_track(identity=make_identity(middle=hers, track_count=1), vector=hers)
    performer = anna.performer_id or 0
    recognise([performer])
    one.refresh_from_db()
    assert one.candidates

    verdicts.unname(anna)
    recognise([performer])

    one.refresh_from_db()
    assert one.candidates == []
    assert one.band == Band.UNKNOWN


def test_a_name_has_people_looked_for(
    anna: Identity, django_capture_on_commit_callbacks: Any
) -> None:
    unknown = make_identity(middle=person(2))
    make_track(identity=unknown, vector=person(2))
    berta = make_performer("Berta")

    with django_capture_on_commit_callbacks(execute=True):
        verdicts.name(unknown, berta)

    job = Job.objects.get(kind="faces.recognise")
    assert job.params == {"performer_ids": [berta.pk]}

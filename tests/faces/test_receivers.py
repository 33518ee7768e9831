"""What follows by itself when settings are changed."""

from typing import Any

import pytest

from apps.faces.choices import Engine
from apps.faces.services.libraries import edit_library, edit_settings
from apps.jobs.models import Job
from tests.factories import make_library, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(django_capture_on_commit_callbacks: Any) -> Any:
    """The kinds of the jobs that a deed leads to."""

    def kinds(deed: Any) -> list[str]:
        with django_capture_on_commit_callbacks(execute=True):
            deed()
        return sorted(Job.objects.values_list("kind", flat=True))

    return kinds


def test_another_engine_reads_what_is_kept(asked: Any) -> None:
    assert asked(lambda: edit_settings({"engine": Engine.HOG_DLIB})) == ["faces.embed"]


def test_other_odds_have_names_judged_anew(asked: Any) -> None:
    assert asked(lambda: edit_settings({"apply_one_in": 77})) == ["faces.name"]


def test_what_stays_as_it_is_leads_to_nothing(asked: Any) -> None:
    assert asked(lambda: edit_settings({"apply_one_in": 1_000, "engine": Engine.YUNET_SFACE})) == []


def test_a_library_that_is_switched_on_is_looked_through_at_once(asked: Any) -> None:
    video = make_video()

    assert asked(lambda: edit_library(video.library, enabled=True)) == ["faces.find", "faces.name"]


def test_one_that_is_switched_off_is_left_alone(asked: Any) -> None:
    assert asked(lambda: edit_library(make_library(), enabled=False)) == ["faces.name"]

"""What is applied unasked is right, on videos that were made to be mistaken for one another."""

from pathlib import Path

import pytest

from apps.library.models import Video
from apps.stashbox.models import StashBox
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.identify import identify
from tests.stashbox.labelled import Measured, catalogue, make_files, measure, precision, teach
from tests.stashbox.standin import StandIn

FAMILIES = 2
pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_wrong_is_applied_unasked(standin: StandIn, box: StashBox, tmp_path: Path) -> None:
    settings = settings_of_all()
    settings.search_text = False
    settings.save()
    standin.settings.distance = 8
    make_files(tmp_path, FAMILIES)
    labels = teach(standin.data, catalogue(tmp_path))

    identify(Video.objects.all())

    found = measure(labels)
    assert precision(found.values()) == 1
    assert found["same file"] == Measured(FAMILIES, applied=FAMILIES)
    assert found["re-encode"] == Measured(FAMILIES, applied=FAMILIES)
    assert found["two sites"] == Measured(FAMILIES, offered=FAMILIES)
    assert found["short clip"] == Measured(FAMILIES, applied=FAMILIES)
    assert found["short clip, re-encode"] == Measured(FAMILIES, offered=FAMILIES)
    assert found["black"] == Measured(FAMILIES, nothing=FAMILIES)
    assert found["unknown"].applied == 0

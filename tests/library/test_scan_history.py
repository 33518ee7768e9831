"""Which scans are remembered, and for how long."""

from datetime import timedelta

import pytest

from apps.library.choices import ScanKind
from apps.library.models import Scan, ScanFinding
from apps.library.services.scan.history import forget_old_scans
from tests.factories import NOON, make_library

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm")]


def test_forgets_the_watchs_small_scans_after_a_week() -> None:
    library = make_library()
    for days in (6, 8):
        at = NOON - timedelta(days=days)
        scan = Scan.objects.create(library=library, kind=ScanKind.WATCH, started_at=at)
        ScanFinding.objects.create(scan=scan, reason="vanished", path="a.mp4")

    assert forget_old_scans(now=NOON) == 1

    assert Scan.objects.get().started_at == NOON - timedelta(days=6)
    assert ScanFinding.objects.count() == 1


def test_keeps_a_librarys_last_scans_however_old() -> None:
    library = make_library()
    for number in range(25):
        Scan.objects.create(library=library, started_at=NOON - timedelta(days=1_000 - number))

    assert forget_old_scans(now=NOON) == 5

    assert Scan.objects.count() == 20
    assert not Scan.objects.filter(started_at=NOON - timedelta(days=1_000)).exists()

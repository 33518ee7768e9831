"""Scans: compared with one another."""

from datetime import timedelta

from apps.library.models import File, Scan
from tests.client import Api
from tests.factories import NOON, make_file, make_library

HOUR = timedelta(hours=1)


def test_two_scans_are_compared(api: Api) -> None:
    library = make_library()
    first, second = (
        Scan.objects.create(library=library, started_at=at, finished_at=at, walked=True)
        for at in (NOON, NOON + 2 * HOUR)
    )
    files = [make_file(f"{n}.mp4".encode(), library=library, size_bytes=7) for n in range(3)]
    File.objects.update(created_at=NOON + HOUR)

    told = api.get(f"scans/{second.pk}/compare/", **{"with": first.pk, "limit": 2}).json()
    rest = api.get(
        f"scans/{first.pk}/compare/", **{"with": second.pk, "fate": "came", "offset": 2}
    ).json()

    assert (told["before"], told["after"], told["next"]) == (first.pk, second.pk, 2)
    assert told["sums"]["came"] == {"files": 3, "size_bytes": 21}
    assert told["sums"]["went"] == {"files": 0, "size_bytes": 0}
    assert [one["id"] for one in told["results"]] == [file.pk for file in files[:2]]
    assert ([one["id"] for one in rest["results"]], rest["next"]) == ([files[2].pk], None)


def test_what_cannot_be_compared(api: Api) -> None:
    one, other = (Scan.objects.create(library=make_library(), started_at=NOON) for _ in range(2))
    address = f"scans/{one.pk}/compare/"

    assert api.get(address).json()["errors"] == {"with": ["This field is required."]}
    assert api.get(address, **{"with": 999}).status_code == 400
    refused = api.get(address, **{"with": other.pk}).json()
    assert refused["type"] == "urn:mediahub:problem:not_comparable"
    assert api.get(address, **{"with": one.pk, "fate": "x"}).status_code == 400

"""How far artifacts reach, in the admin."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.artifacts import pages
from apps.artifacts.models import Leftover
from apps.jobs.models import Job
from tests.factories import make_artifact, make_library, make_video

PAGE = reverse("admin:artifacts_artifact_coverage")


def shown(client: Client) -> str:
    cache.clear()
    return " ".join(client.get(PAGE).content.decode().split())


def test_tells_shares_failures_and_orphans(boss: Client) -> None:
    library = make_library(name="Films")
    make_artifact(make_video(library=library))
    make_artifact(
        make_video(library=library), state="failed", files={}, size_bytes=0, error="undecodable"
    )
    Leftover.objects.create(path="cover/1", video_id=1, kind="cover", size_bytes=2_000_000)

    page = shown(boss)

    assert "Films" in page
    assert "50 %" in page
    assert "Make what is missing" in page
    assert "undecodable" in page
    assert "1 file (2 MB) of videos that are gone" in page
    assert "Libraries that are gone" in page


def test_nothing_yet(boss: Client) -> None:
    assert "There are no videos yet" in shown(boss)


def test_costs_the_same_for_many_libraries(boss: Client) -> None:
    make_video()
    shown(boss)
    with CaptureQueriesContext(connection) as few:
        shown(boss)
    for _ in range(4):
        make_artifact(make_video(library=make_library()), state="failed", error="damaged")
    with CaptureQueriesContext(connection) as many:
        shown(boss)

    assert len(many) == len(few)


def test_counts_are_kept_while_the_page_follows_jobs(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_KEPT_TIMES", 10_000)
    make_video()
    shown(boss)
    with CaptureQueriesContext(connection) as queries:
        boss.get(PAGE, {"fragment": "live"})

    assert not [q for q in queries if "artifacts_artifact" in q["sql"]]


def test_buttons_start_jobs(boss: Client) -> None:
    library = make_library()
    failed = make_artifact(
        make_video(library=library), state="failed", files={}, size_bytes=0, error="undecodable"
    )

    for asked, said in [
        ({"deed": "make", "library": library.pk}, "What is missing is being made"),
        ({"deed": "retry", "kind": "cover", "reason": "undecodable"}, "It is tried again"),
        ({"deed": "retry", "kind": "cover", "reason": "damaged"}, "Nothing failed any more."),
        ({"deed": "clean"}, "Orphaned files are being deleted"),
        ({"deed": "search"}, "Orphaned files are being deleted"),
        ({"deed": "x"}, "Nothing was asked for"),
        ({"deed": "make", "library": 999_999}, "Nothing was asked for"),
    ]:
        assert said in boss.post(PAGE, asked, follow=True).content.decode()
    failed.refresh_from_db()
    assert failed.parameters == ""
    assert Job.objects.count() == 4


def test_whoever_may_only_look_gets_no_buttons(as_role: Callable[[Role], Client]) -> None:
    make_video()
    viewer = as_role(Role.VIEWER)

    assert "Make what is missing" not in shown(viewer)
    assert viewer.post(PAGE, {"deed": "make"}).status_code == 403
    assert viewer.post(PAGE, {"deed": "clean"}).status_code == 403

"""Every list costs the same queries whatever it holds, and opens when it holds nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import audit, counting
from apps.core.admin.lists import BoundedPaginator
from apps.core.counting import Expected
from apps.jobs.choices import JobState
from apps.jobs.models import Schedule
from apps.jobs.services.schedules import create
from apps.library.models import Scan, Video
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_file,
    make_job,
    make_library,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_token,
    make_user,
    make_video,
)
from tests.machines.factories import make_machine
from tests.mediaservers.factories import make_notice
from tests.stashbox.factories import make_box, make_match


def _video() -> None:
    video = make_video(tags=[make_tag()], performers=[make_performer()], studio=make_studio())
    make_artifact(video)


def _library() -> None:
    library = make_library()
    make_video(library=library)
    scan = Scan.objects.create(library=library, started_at=NOON, counts={"added": 1})
    scan.findings.create(reason="damaged", path="a.mp4")
    make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)


def _job() -> None:
    library = make_library()
    make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)


def _own_job() -> None:
    make_job(JobState.SUCCEEDED, requested_by=User.objects.get(username="boss"))


def _schedule() -> None:
    job = make_job()
    schedule = Schedule(name=f"Schedule {job.pk}", kind="artifacts.generate", cron="0 3 * * *")
    Schedule.objects.filter(pk=create(schedule).pk).update(last_job=job)


LISTS: dict[str, Callable[[], Any]] = {
    "library_video_changelist": _video,
    "library_video_browse": _video,
    "library_performer_changelist": make_performer,
    "library_studio_changelist": lambda: make_studio(parent=make_studio()),
    "library_tag_changelist": lambda: make_tag(parents=[make_tag()]),
    "library_marker_changelist": lambda: make_marker(tag=make_tag()),
    "library_customfield_changelist": make_custom_field,
    "library_file_changelist": make_file,
    "library_library_changelist": _library,
    "artifacts_artifact_changelist": make_artifact,
    "machines_machine_changelist": make_machine,
    "jobs_job_changelist": _job,
    "jobs_schedule_changelist": _schedule,
    "jobs_job_own": _own_job,
    "core_auditentry_changelist": lambda: audit.update(make_video(), {"rating": 7}),
    "mediaservers_mediaserver_changelist": lambda: make_notice().server,
    "mediaservers_notice_changelist": lambda: make_notice(library=make_library(), job_id=7),
    "stashbox_stashbox_changelist": make_box,
    "stashbox_stashmatch_changelist": make_match,
    "auth_user_changelist": make_user,
    "auth_group_changelist": lambda: None,
    "accounts_apitoken_changelist": lambda: make_token(make_user()),
    "index": _library,
}


@pytest.mark.parametrize("name", LISTS)
def test_twelve_rows_cost_the_queries_of_two(name: str, boss: Client) -> None:
    address, make = reverse(f"admin:{name}"), LISTS[name]

    def queries_of(rows: int) -> int:
        for _ in range(rows):
            make()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert boss.get(address).status_code == 200
        return len(captured)

    boss.get(address)
    few = queries_of(2)

    assert queries_of(10) == few


@pytest.mark.parametrize("name", LISTS)
def test_opens_empty(name: str, boss: Client) -> None:
    response = boss.get(reverse(f"admin:{name}"))

    assert response.status_code == 200


@pytest.mark.parametrize("name", [name for name in LISTS if name.endswith("changelist")])
def test_bad_parameters_are_no_error(name: str, boss: Client) -> None:
    for query in (
        "p=x",
        "p=99999",
        "o=a.b.-99",
        "nonsense=1",
        "q=%00",
        "e=1",
        "tag=x",
        "library__id__exact=x",
        "picture=zz",
        "reason=%00",
    ):
        response = boss.get(f"{reverse(f'admin:{name}')}?{query}", follow=True)

        assert response.status_code == 200, query


def test_sorts_by_every_column_in_both_directions(boss: Client) -> None:
    for rating in (None, 3, 90):
        make_video(rating=rating)

    for column in range(2, 8):
        for sign in ("", "-"):
            address = reverse("admin:library_video_changelist", query={"o": f"{sign}{column}"})
            assert boss.get(address).status_code == 200


def test_videos_are_filtered_without_reading_them_all(boss: Client) -> None:
    parent, performer, studio = make_tag(), make_performer(), make_studio()
    tag, other = make_tag(parents=[parent]), make_tag()
    wanted = make_video(
        "Wanted", tags=[tag, other], performers=[performer], studio=studio, height=2160,
        video_codec="av1", favorite=True, missing_since=NOON,
    )  # fmt: skip
    make_video("Unwanted", tags=[tag])

    for query in (
        {"tag": [parent.pk, other.pk]}, {"performer": performer.pk}, {"codec": "av1"},
        {"studio__id__exact": studio.pk}, {"picture": "2160"}, {"presence": "missing"},
        {"favorite__exact": 1}, {"library__id__exact": wanted.library_id}, {"q": "want ante"},
    ):  # fmt: skip
        with CaptureQueriesContext(connection) as captured:
            page = boss.get(reverse("admin:library_video_changelist"), query).content.decode()
        assert "Wanted</b>" in page, query
        assert ("Unwanted" in page) is ("q" in query), query
        assert not [one for one in captured if "DISTINCT" in one["sql"]], query


def test_counts_no_further_than_its_pages_go(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.admin.lists.COUNT_CAP", 30)
    monkeypatch.setattr("apps.core.admin.lists.count_rows", _capped_at_30)
    for _ in range(35):
        make_tag()

    page = boss.get(reverse("admin:library_tag_changelist"), {"q": "Tag"}).content.decode()

    assert "30+ tags" in page
    assert "search or filter for the others" in page


def _capped_at_30(rows: Any, **_options: Any) -> Any:
    from apps.core.counting import count_rows

    return count_rows(rows, cap=30)


@pytest.mark.django_db
@pytest.mark.parametrize("expected", [Expected(1, 1e9), Expected(1_200, 1e9)])
def test_no_page_is_lacking_by_an_estimate(
    expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = make_library()
    Video.objects.bulk_create(Video(library=library, title="Night") for _ in range(1_500))
    monkeypatch.setattr(counting, "expected", lambda _rows: expected)
    pages = BoundedPaginator(Video.objects.filter(title="Night").order_by("pk"), 100)

    assert sum(len(page.object_list) for page in pages) == 1_500
    assert str(pages.rows) == "1,500"

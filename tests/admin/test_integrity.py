"""What checks found, in the admin."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.counting import COUNT_CAP
from apps.jobs.models import Job
from apps.library.choices import Integrity
from apps.library.models import File, Library
from apps.library.pages.integrity import integrity_view
from tests.factories import NOON, make_file, make_folder, make_library, make_video

FILES = "admin:library_file_changelist"


def rotten(**values: Any) -> File:
    return make_file(
        integrity=Integrity.ROT, integrity_detail="Its bytes changed.", verified_at=NOON, **values
    )


class TestFiles:
    def test_unsound_ones_are_marked_and_found(self, boss: Client) -> None:
        make_file(b"sound.mp4", integrity=Integrity.GOOD)
        rotten(path=b"rotten.mp4")

        for asked in ("unsound", "rot"):
            page = boss.get(reverse(FILES), {"integrity": asked}).content.decode()
            assert "rotten.mp4" in page
            assert "sound.mp4" not in page
        page = boss.get(reverse(FILES), {"integrity": "good"}).content.decode()
        assert "rotten.mp4" not in page

    def test_a_file_tells_what_is_wrong_with_it(self, boss: Client) -> None:
        file = rotten()

        page = boss.get(reverse("admin:library_file_change", args=[file.pk])).content.decode()

        assert "Its bytes changed." in page
        assert "(2026-11-21)" in page

    def test_chosen_ones_are_checked_or_accepted(self, boss: Client) -> None:
        files = [rotten(), rotten(library=make_library())]
        chosen = {"_selected_action": [file.pk for file in files]}

        boss.post(reverse(FILES), {"action": "check_content", **chosen})
        page = boss.post(reverse(FILES), {"action": "accept_content", **chosen}, follow=True)

        assert Job.objects.filter(kind="library.verify", parent__isnull=False).count() == 2
        assert "The content of 2 unsound files was accepted." in page.content.decode()
        assert not File.objects.unsound().exists()


class TestLibrary:
    def test_tells_what_was_found_and_how_far_checks_are(self, boss: Client) -> None:
        library = make_library(verify_every_days=30)
        now = timezone.now()
        rotten(library=library)
        File.objects.update(verified_at=now - timedelta(days=40))
        for days in (1, 2, 3):
            make_file(
                library=library, integrity=Integrity.GOOD, verified_at=now - timedelta(days=days)
            )
        make_file()

        address = reverse("admin:library_library_overview", args=[library.pk])
        page = boss.get(address).content.decode()
        view = integrity_view(library, now=now)

        assert "Every file is read whole once in 30 days." in page
        assert f"library__id__exact={library.pk}&amp;integrity=rot" in page
        assert {one.label: one.files.rows for one in view.unsound} == {
            "changed": 0, "rot": 1, "damaged": 0, "unreadable": 0,
        }  # fmt: skip
        assert (view.checked.rows, view.waiting.rows, view.share) == (3, 1, "75 %")
        assert "weeks ago" in view.oldest or "days ago" in view.oldest or "month" in view.oldest

    def test_its_buttons_ask_for_a_check(self, boss: Client) -> None:
        library = make_library()
        address = reverse("admin:library_library_verify", args=[library.pk])

        boss.post(address, {"how": "places"})
        boss.post(address, {"how": "whole"})

        jobs = Job.objects.order_by("pk")
        assert [job.params["whole"] for job in jobs] == [False, True]

    def test_large_libraries_are_counted_to_a_bound_by_indexes(self, boss: Client) -> None:
        library = make_library()
        folder = make_folder(library)
        File.objects.bulk_create(
            File(
                library=library, folder=folder, name=b"%d" % number, path=str(number),
                size_bytes=1, mtime_ns=1, inode=number, device=1,
                integrity=Integrity.GOOD, verified_at=NOON + timedelta(seconds=number),
            )
            for number in range(2 * COUNT_CAP)
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE library_file")

        with CaptureQueriesContext(connection) as asked:
            view = integrity_view(Library.objects.get(pk=library.pk), now=NOON + timedelta(days=1))
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + asked.captured_queries[-1]["sql"])
            plan = " ".join(row[0] for row in cursor.fetchall())

        assert str(view.checked) == f"{COUNT_CAP:,}+"
        assert view.share == ""
        assert "library_file_unsound" in plan
        assert "library_file_verify" in plan

    def test_videos_show_unsound_files(self, boss: Client) -> None:
        video = make_video()
        video.files.update(integrity=Integrity.DAMAGED, integrity_detail="3 frames.")

        page = boss.get(reverse("admin:library_video_change", args=[video.pk])).content.decode()

        assert "3 frames." in page

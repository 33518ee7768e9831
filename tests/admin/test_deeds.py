"""What is asked of files and libraries in the admin: forgotten, read again, explained, answered."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job
from apps.library.choices import LibraryState, Question, ScanKind, WatchState
from apps.library.models import File, Library, Scan
from tests.factories import NOON, make_file, make_library, make_tag, make_video

AGO = NOON - timedelta(days=40)
FORGET = "admin:library_library_forget"


@pytest.fixture
def library() -> Library:
    return make_library(name="Films", state=LibraryState.ONLINE)


def overview(client: Client, library: Library) -> str:
    page = client.get(reverse("admin:library_library_overview", args=[library.pk]))
    return page.content.decode()


class TestForgetting:
    def test_shows_first_what_would_be_lost(self, boss: Client, library: Library) -> None:
        make_video(
            "Holiday", library=library, missing_since=AGO, rating=80, tags=[make_tag(), make_tag()]
        )
        make_file(b"later.mp4", library=library, missing_since=NOON - timedelta(days=1))
        asked = {"library": library.pk}

        page = boss.get(reverse(FORGET), asked).content.decode()
        old = boss.get(reverse(FORGET), {**asked, "days": 30}).content.decode()

        assert "Holiday" in page
        assert "rated 80, 2 tags" in page
        assert "2 files and 1 video" in " ".join(page.split())
        assert "later.mp4" in page
        assert "later.mp4" not in old
        assert not Job.objects.exists()

    def test_tells_a_file_that_never_was_a_video_from_one_of_several(
        self, boss: Client, library: Library
    ) -> None:
        make_file(b"broken.mp4", library=library, missing_since=AGO)
        video = make_video("Twice", library=library)
        make_file(b"second.mp4", library=library, video=video, missing_since=AGO)

        page = boss.get(reverse(FORGET), {"library": library.pk}).content.decode()

        assert page.count("it is no video") == 1
        assert page.count("the video stays: it has another file") == 1

    def test_forgets_what_was_shown(self, boss: Client, library: Library) -> None:
        make_video(library=library, missing_since=AGO)
        until = (NOON - timedelta(days=1)).isoformat()

        page = boss.post(
            reverse(FORGET), {"library": library.pk, "until": until, "days": 30}, follow=True
        )

        job = Job.objects.get()
        assert job.kind == "library.forget"
        assert job.params["until"].startswith("2026-10-21T12:00:00")
        assert "is being forgotten" in page.content.decode()

    def test_refuses_while_the_library_is_away(self, boss: Client) -> None:
        library = make_library(state=LibraryState.OFFLINE, state_detail="/x isn't there.")
        make_video(library=library, missing_since=AGO)

        page = boss.get(reverse(FORGET), {"library": library.pk}).content.decode()
        done = boss.post(reverse(FORGET), {"library": library.pk}, follow=True).content.decode()

        assert "it is offline" in page
        assert "Forget them" not in page
        assert "it is offline" in done
        assert not Job.objects.exists()

    @pytest.mark.parametrize("name", ["file", "video"])
    def test_of_what_was_ticked_in_a_list(self, boss: Client, library: Library, name: str) -> None:
        gone, here = make_video(library=library, missing_since=AGO), make_video(library=library)
        ids = {"video": [gone.pk, here.pk], "file": [gone.primary_file_id, here.primary_file_id]}
        address = reverse(f"admin:library_{name}_changelist")
        action = {"action": "forget_missing", "_selected_action": ids[name]}

        response = boss.post(address, action)
        page = boss.get(response["Location"]).content.decode()
        posted = {"file": gone.primary_file_id, "until": NOON.isoformat()}
        boss.post(reverse(FORGET), posted)

        assert response["Location"] == f"{reverse(FORGET)}?file={gone.primary_file_id}"
        assert "1 file and 1 video" in " ".join(page.split())
        assert Job.objects.get().params["file_ids"] == [gone.primary_file_id]
        present = {"action": "forget_missing", "_selected_action": [ids[name][1]]}
        assert (
            "None of these is missing" in boss.post(address, present, follow=True).content.decode()
        )

    def test_of_nothing(self, boss: Client, library: Library) -> None:
        assert "Nothing to forget" in boss.get(reverse(FORGET)).content.decode()
        for asked in ({"library": "x"}, {"library": library.pk, "path": "../x"}, {"after": "x"}):
            assert boss.get(reverse(FORGET), asked).status_code == 200
        assert "Nothing was chosen" in boss.post(reverse(FORGET), follow=True).content.decode()


class TestReadingAgain:
    def test_asks_what_and_starts_a_batch_with_a_job_for_each_library(self, boss: Client) -> None:
        files = [make_file(), make_file()]
        action = {"action": "read_again", "_selected_action": [file.pk for file in files]}

        response = boss.post(reverse("admin:library_file_changelist"), action)
        page = boss.get(response["Location"]).content.decode()
        sent = {"file": [file.pk for file in files], "refresh": ["size", "md5"]}
        boss.post(reverse("admin:library_file_read_again"), sent)

        assert "2 files of" in page
        jobs = Job.objects.filter(parent__isnull=False)
        assert [job.params["refresh"] for job in jobs] == [["md5", "size"]] * 2

    def test_refuses_nonsense(self, boss: Client) -> None:
        address = reverse("admin:library_file_read_again")

        assert "No files chosen" in boss.get(address).content.decode()
        for sent in ({}, {"file": make_file().pk, "refresh": "x"}, {"file": "x"}):
            assert (
                "can&#x27;t be read again" in boss.post(address, sent, follow=True).content.decode()
            )
        assert not Job.objects.exists()


class TestExplaining:
    def test_answers_on_the_same_page(self, boss: Client, tmp_path: Path) -> None:
        make_library(name="Films", root=str(tmp_path), extensions=["mp4"])
        (tmp_path / "<b>.txt").touch()
        address = reverse("admin:library_file_why")

        page = boss.get(address, {"path": f" {tmp_path}/<b>.txt"}).content.decode()

        assert "has no extension that Films takes in" in page
        assert "&lt;b&gt;.txt" in page
        assert "absolute path" in boss.get(address, {"path": "x"}).content.decode()
        assert boss.get(address).status_code == 200
        assert address in boss.get(reverse("admin:library_file_changelist")).content.decode()

    def test_takes_bytes_that_are_no_text(self, boss: Client, tmp_path: Path) -> None:
        make_library(root=str(tmp_path), extensions=["mp4"])
        (tmp_path / "caf\udce9.mp4").touch()

        page = boss.get(reverse("admin:library_file_why"), {"path": f"{tmp_path}/caf\\xe9.mp4"})

        assert "not been scanned yet" in page.content.decode()


class TestQuestions:
    def test_are_answered_on_the_page_of_the_library(self, boss: Client, library: Library) -> None:
        scan = Scan.objects.create(library=library, started_at=NOON, counts={"held": 1_234})
        scan.findings.create(reason="gone", path="away/<x>.mp4")
        Library.objects.update(question=Question.GONE, state_detail="1,234 files are gone at once.")

        page = overview(boss, library)
        listed = boss.get(reverse("admin:library_library_changelist")).content.decode()
        boss.post(reverse("admin:library_library_scan", args=[library.pk]), {"accept": "gone"})

        assert "Are 1,234 files really gone?" in page
        assert "They are gone: mark them missing" in page
        assert "away/&lt;x&gt;.mp4" in page
        assert "asks you" in listed
        assert Job.objects.get().params["accept"] == ["gone"]

    def test_about_another_disk(self, boss: Client, library: Library) -> None:
        Library.objects.update(question=Question.OTHER_DISK, state_detail="Another disk.")

        assert "It is the right disk" in overview(boss, library)


class TestLibraryPage:
    def test_scans_a_path(self, boss: Client, library: Library) -> None:
        address = reverse("admin:library_library_scan", args=[library.pk])

        boss.post(address, {"path": "films/new"})
        refused = boss.post(address, {"path": "/elsewhere"}, follow=True).content.decode()

        assert Job.objects.get().params["paths"] == ["films/new"]
        assert "does not lie in the library" in refused

    def test_tells_of_the_watch_and_sums_up_its_scans(self, boss: Client, library: Library) -> None:
        Library.objects.update(
            watch_state=WatchState.LIMITED, watch_detail="Raise the limit: sysctl x=1.",
            watch_seen_at=timezone.now(),
        )  # fmt: skip
        for _ in range(9):
            Scan.objects.create(
                library=library, kind=ScanKind.WATCH, started_at=timezone.now(), paths=["w"]
            )
        Scan.objects.create(library=library, started_at=NOON, paths=["asked"])

        page = overview(boss, library)

        assert "sysctl x=1" in page
        assert "9 small scans by the watch" in page
        assert page.count("<td>w</td>") == 3
        assert "<td>asked</td>" in page


def test_files_between_two_scans_are_listed(boss: Client, library: Library) -> None:
    first, second = (
        Scan.objects.create(library=library, started_at=at, finished_at=at) for at in (AGO, NOON)
    )
    for number in range(60):
        make_file(f"new{number:02}.mp4".encode(), library=library)
    File.objects.update(created_at=AGO + timedelta(days=1))
    address = reverse("admin:library_scan", args=[second.pk])

    def page(**asked: Any) -> str:
        return boss.get(address, {"with": first.pk, **asked}).content.decode()

    assert "new00.mp4" in page()
    assert "came <b>60</b>" in page()
    assert "new59.mp4" not in page()
    assert "new59.mp4" in page(fate="came", **{"from": 50})
    assert "Nothing of this kind" in page(fate="went")
    assert boss.get(address, {"with": first.pk, "fate": "x", "from": "x"}).status_code == 200

"""Libraries: added, scanned, watched, compared, removed."""

from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.library.models import Library, Scan
from tests.factories import NOON, make_file, make_job, make_library, make_video

ADD = "admin:library_library_add"


def add(client: Client, **values: Any) -> str:
    response = client.post(reverse(ADD), {"name": "Films", **values}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


class TestAdding:
    def test_a_name_and_a_folder_are_enough(self, boss: Client, tmp_path: Path) -> None:
        page = add(boss, root=f"{tmp_path}/")

        library = Library.objects.get()
        assert library.root == str(tmp_path)
        assert "mp4" in library.extensions
        assert "Films was added" in page
        assert AuditEntry.objects.about(library).get().action == "created"
        assert not Job.objects.exists()

    def test_can_be_scanned_at_once(self, boss: Client, tmp_path: Path) -> None:
        page = add(boss, root=str(tmp_path), scan_now="on")

        assert Job.objects.get().kind == "library.scan"
        assert "is being scanned" in page

    def test_explains_what_is_wrong_with_the_folder(self, boss: Client, tmp_path: Path) -> None:
        (tmp_path / "inside").mkdir()
        (tmp_path / "file").touch()
        make_library(name="Outer", root=str(tmp_path))

        assert "must begin with a slash" in add(boss, root="films")
        assert "isn&#x27;t there" in add(boss, root=str(tmp_path / "nowhere"))
        assert "is not a folder" in add(boss, root=str(tmp_path / "file"))
        assert "overlaps with the library Outer" in add(boss, root=str(tmp_path / "inside"))
        assert Library.objects.count() == 1

    def test_home_offers_it_when_there_is_none(self, boss: Client) -> None:
        page = boss.get(reverse("admin:index")).content.decode()

        assert "Which folder holds your videos?" in page
        assert "make run MEDIA=" in page


class TestSettings:
    def test_are_saved_with_prefixes_and_version(self, boss: Client, tmp_path: Path) -> None:
        library = make_library(root=str(tmp_path))
        sent = {
            "name": "New", "root": str(tmp_path), "version": 1, "extensions": ".MP4, mkv",
            "exclude": "*.part\n/Trash/", "prefixes": "/mnt/films\n/Volumes/films/",
        }  # fmt: skip

        boss.post(reverse("admin:library_library_change", args=[library.pk]), sent)

        library.refresh_from_db()
        assert (library.name, library.extensions) == ("New", ["mp4", "mkv"])
        assert library.exclude == ["*.part", "/Trash/"]
        prefixes = library.prefixes.values_list("prefix", flat=True)
        assert sorted(prefixes) == ["/Volumes/films", "/mnt/films"]

    def test_a_prefix_belongs_to_one_library(self, boss: Client, tmp_path: Path) -> None:
        make_library(name="First").prefixes.create(prefix="/mnt/films")
        library = make_library(root=str(tmp_path))
        sent = {"name": "Second", "root": str(tmp_path), "version": 1, "prefixes": "/mnt/films/"}

        page = boss.post(reverse("admin:library_library_change", args=[library.pk]), sent)

        assert "is known for First already" in page.content.decode()


class TestScanning:
    def test_a_second_press_joins_the_first(self, boss: Client) -> None:
        address = reverse("admin:library_library_scan", args=[make_library().pk])

        boss.post(address)
        boss.post(address)

        assert Job.objects.count() == 1

    def test_progress_is_shown_live(self, boss: Client) -> None:
        library = make_library()
        make_job(
            JobState.RUNNING, target_type="library.library", target_id=library.pk,
            done=50, total=200, rate_per_s=10.0, facts={"added": 12},
        )  # fmt: skip

        overview = reverse("admin:library_library_overview", args=[library.pk])
        for page in (
            boss.get(overview),
            boss.get(overview, {"fragment": "live"}),
            boss.get(reverse("admin:library_library_live"), {"id": library.pk}),
            boss.get(reverse("admin:index"), {"fragment": "live"}),
        ):
            text = page.content.decode()
            assert 'aria-valuenow="25"' in text
            assert "50 of 200 files, 10 a second, 15 s left" in text
            assert "12 added" in text
            assert "data-active" in text

    def test_nothing_is_polled_when_nothing_moves(self, boss: Client) -> None:
        library = make_library()
        make_job(JobState.PAUSED, target_type="library.library", target_id=library.pk)

        page = boss.get(reverse("admin:library_library_overview", args=[library.pk]))

        assert "data-active" not in page.content.decode()


class TestPages:
    def test_a_library_tells_its_scans_and_failures(self, boss: Client) -> None:
        library = make_library()
        make_video(library=library, missing_since=NOON)
        make_file(library=library, probe_state="failed", probe_error="damaged")
        Scan.objects.create(
            library=library, started_at=NOON, finished_at=NOON, counts={"added": 7, "failed": 1}
        )

        page = boss.get(reverse("admin:library_library_overview", args=[library.pk]))

        text = page.content.decode()
        assert "damaged" in text
        assert "not finished" in text
        assert "probe_state__exact=failed" in text

    def test_two_scans_are_compared(self, boss: Client) -> None:
        library = make_library()
        first, second = (
            Scan.objects.create(
                library=library, started_at=NOON, finished_at=NOON, walked=True,
                counts={"added": added, "bytes": added * 1_000},
            )
            for added in (5, 9)
        )  # fmt: skip
        second.findings.create(reason="damaged", path="<b>a</b>.mp4", message="Torn.")
        second.findings.create(reason="link", path="b.mp4")
        address = reverse("admin:library_scan", args=[second.pk])

        page = boss.get(address).content.decode()
        other = boss.get(reverse("admin:library_scan", args=[first.pk]), {"with": second.pk})
        one_reason = boss.get(address, {"reason": "link", "p": "x"}).content.decode()

        assert "+4" in page
        assert "+4 kB" in page
        assert "&lt;b&gt;a&lt;/b&gt;.mp4" in page
        assert "-4 kB" in other.content.decode()
        assert "Torn." not in one_reason


class TestRemoving:
    def test_is_asked_for_and_says_what_happens(self, boss: Client) -> None:
        library = make_library()
        make_video(library=library)
        address = reverse("admin:library_library_delete", args=[library.pk])

        asked = boss.get(address).content.decode()
        boss.post(address, {"post": "yes"})

        assert "1 videos are forgotten" in asked
        assert "The files on disk stay" in asked
        assert Job.objects.get().kind == "library.remove"

    def test_waits_for_the_job_at_work(self, boss: Client) -> None:
        library = make_library()
        make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)

        page = boss.post(
            reverse("admin:library_library_delete", args=[library.pk]), {"post": "yes"}, follow=True
        )

        assert "cancel it first" in page.content.decode()
        assert not Job.objects.filter(kind="library.remove").exists()

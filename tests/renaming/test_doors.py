"""Renaming by the API, the admin and the shell."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import find_task
from apps.library.models import File, Library, Video
from apps.renaming import tasks
from apps.renaming.choices import BatchState, RenameState
from apps.renaming.models import Rename, RenameBatch
from apps.renaming.services.history import forget_plans
from tests.client import Api
from tests.factories import NOON
from tests.renaming.conftest import on_disk, title

pytestmark = pytest.mark.django_db


def work() -> None:
    """Do all jobs that wait."""
    for job in Job.objects.filter(state="queued").order_by("pk"):
        Job.objects.filter(pk=job.pk).update(
            state="running", fence=job.fence + 1, lease_until=timezone.now() + timedelta(minutes=9)
        )
        job.refresh_from_db()
        find_task(job.kind).work(JobContext(job), **job.params)
        Job.objects.filter(pk=job.pk).update(
            state="succeeded", finished_at=timezone.now(), lease_until=None
        )


class TestApi:
    def test_a_dry_run_says_what_would_come_of_it(
        self, api: Api, library: Library, root: Path
    ) -> None:
        title("a.wav", "Alpha")
        title("b.wav", "...")

        answer = api.post("renames/", {"template": "{title}", "q": ""})

        plan = answer.json()
        assert answer.status_code == 200, plan
        assert (plan["selected"], plan["to_rename"], plan["refused"], plan["unchanged"]) == (
            3, 1, 1, 1,
        )  # fmt: skip
        assert [(one["old"], one["new"], one["reason"]) for one in plan["samples"]] == [
            ("b.wav", "b.wav", "no_name"), ("a.wav", "Alpha.wav", None),
        ]  # fmt: skip
        assert "a.wav" in on_disk(root)

    def test_planned_run_and_undone(self, api: Api, library: Library, root: Path) -> None:
        video = title("a.wav", "Alpha")
        plan = api.post("renames/", {"template": "{title}", "ids": [video.pk]}).json()

        answer = api.post(f"renames/{plan['id']}/run/")
        assert answer.status_code == 202
        assert answer.headers["Location"]
        work()
        assert "Alpha.wav" in on_disk(root)
        told = api.get(f"renames/{plan['id']}/").json()
        assert (told["state"], told["renamed"]) == ("done", 1)
        lines = api.get(f"renames/{plan['id']}/lines/", state="done").json()
        assert [line["new"] for line in lines["results"]] == ["Alpha.wav"]

        dry = api.post(f"renames/{plan['id']}/undo/", {"dry_run": True}).json()
        assert [(line["old"], line["new"]) for line in dry["samples"]] == [("Alpha.wav", "a.wav")]
        assert api.post(f"renames/{plan['id']}/undo/").status_code == 202
        work()
        assert "a.wav" in on_disk(root)
        assert api.post(f"renames/{plan['id']}/undo/").json()["type"].endswith(":nothing_to_undo")

    def test_much_is_planned_by_a_job(
        self, api: Api, library: Library, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "AT_ONCE", 1)
        title("a.wav", "Alpha")

        answer = api.post("renames/", {"template": "{title}", "q": "", "dry_run": False})

        assert answer.status_code == 202
        assert answer.json()["kind"] == "renaming.plan"
        work()
        work()
        assert "Alpha.wav" in on_disk(root)
        assert RenameBatch.objects.get().state == BatchState.DONE

    def test_a_plan_that_is_run_again_leaves_the_journal_of_what_was_done(
        self, api: Api, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its job may be taken up again just before its end, or by a person."""
        monkeypatch.setattr(tasks, "AT_ONCE", 1)
        title("a.wav", "Alpha")
        api.post("renames/", {"template": "{title}", "q": "", "dry_run": False})
        work()
        work()

        Job.objects.filter(kind="renaming.plan").update(state="queued", finished_at=None)
        work()

        batch = RenameBatch.objects.get()
        assert (batch.state, batch.renames.get().state) == (BatchState.DONE, RenameState.DONE)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"template": "{titel}", "q": ""}, "template"),
            ({"template": "{title}", "q": "rating>"}, "q"),
            ({"template": "{title}"}, "ids"),
            ({"template": "{title}", "ids": [999999]}, "ids"),
            ({"template": "{title}", "q": "", "x": 1}, "x"),
        ],
    )
    def test_what_makes_no_sense_names_the_field(
        self, api: Api, library: Library, body: dict[str, Any], field: str
    ) -> None:
        answer = api.post("renames/", body)

        assert answer.status_code == 400
        assert field in answer.json()["errors"], answer.json()

    def test_nothing_to_rename_is_a_conflict(self, api: Api, library: Library) -> None:
        answer = api.post("renames/", {"template": "{original}", "q": "", "dry_run": False})

        assert answer.status_code == 409
        assert answer.json()["type"].endswith(":nothing_to_rename")

    def test_the_list_costs_the_same_for_many(
        self, api: Api, library: Library, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(12):
            RenameBatch.objects.create(template="{title}")

        with django_assert_max_num_queries(5):
            assert len(api.results("renames/")) == 12


class TestPages:
    def test_from_the_template_to_the_deed(
        self, browser: Client, library: Library, root: Path
    ) -> None:
        title("a.wav", "<b>Alpha</b>")
        page = reverse("admin:renaming_rename")
        assert browser.get(page, {"q": "a"}).status_code == 200

        answer = browser.post(page, {"template": "{title}", "q": "", "sidecars": "on"})
        plan = browser.get(answer["Location"]).content.decode()
        assert "&lt;b&gt;Alpha&lt;-b&gt;.wav" in plan
        assert "Rename 1 file" in plan
        browser.post(answer["Location"], {"deed": "run"})
        work()

        assert "<b>Alpha<-b>.wav" in on_disk(root)
        undo = browser.post(answer["Location"], {"deed": "undo"})
        assert "a.wav" in browser.get(undo["Location"]).content.decode()

    def test_mistakes_are_told_beside_the_box(self, browser: Client, library: Library) -> None:
        page = reverse("admin:renaming_rename")

        for asked in ({"template": "{titel}"}, {"template": "{title}", "q": "rating>"}):
            answer = browser.post(page, asked)
            assert answer.status_code == 200
            assert 'role="alert"' in answer.content.decode()

    def test_nonsense_in_the_address_is_no_error_of_ours(
        self, browser: Client, library: Library
    ) -> None:
        batch = RenameBatch.objects.create(template="{title}")
        page = reverse("admin:renaming_batch", args=[batch.pk])

        assert browser.get(page, {"state": "x", "after": "y"}).status_code == 200
        assert browser.get(reverse("admin:renaming_rename"), {"id": "x"}).status_code == 200
        assert browser.get(reverse("admin:renaming_batch", args=[0])).status_code == 404


class TestCommand:
    def run(self, *arguments: str) -> Any:
        out = io.StringIO()
        call_command("rename", *arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    def test_says_what_would_come_of_it(self, library: Library, root: Path) -> None:
        title("a.wav", "Alpha")

        told = self.run("{title}", "--q", "Alpha")

        assert told["lines"] == [{"old": "a.wav", "new": "Alpha.wav", "reason": ""}]
        assert "job" not in told

    def test_asks_for_the_deed(self, library: Library, root: Path) -> None:
        title("a.wav", "Alpha")

        told = self.run("{title}", "--apply")
        work()

        assert told["job"] == Job.objects.get(kind="renaming.rename").pk
        assert "Alpha.wav" in on_disk(root)

    def test_tells_people(self, library: Library) -> None:
        title("a.wav", "Alpha")
        out = io.StringIO()

        call_command("rename", "{title}", stdout=out)

        assert "a.wav\n  -> Alpha.wav" in out.getvalue()
        assert "1 to rename, 2 unchanged" in out.getvalue()

    def test_a_mistake_ends_in_one_sentence(self, library: Library) -> None:
        with pytest.raises(CommandError, match="Did you mean title"):
            self.run("{titel}")


def test_plans_that_nobody_followed_up_are_dropped(library: Library) -> None:
    old = RenameBatch.objects.create(template="{title}", state=BatchState.READY)
    file = File.objects.first()
    assert file
    Rename.objects.create(
        batch=old, library=library, file=file, old=b"a", new=b"b", old_key=b"", new_key=b"",
        inode=1, size_bytes=1, mtime_ns=1,
    )  # fmt: skip
    done = RenameBatch.objects.create(template="{title}", state=BatchState.DONE)
    RenameBatch.objects.update(created_at=NOON.replace(year=2020))

    assert forget_plans(now=NOON) == 1
    assert not Rename.objects.exists()
    assert list(RenameBatch.objects.all()) == [done]
    assert old.pk != done.pk
    assert Video.objects.count() == 3

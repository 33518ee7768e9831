"""Schedules: their form, their list, and running one by hand."""

from typing import Any

from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.jobs.models import Job, Schedule
from apps.jobs.services.schedules import create
from tests.factories import make_library

ADD = "admin:jobs_schedule_add"


def form(**values: Any) -> dict[str, Any]:
    sent = {
        "name": "Nightly", "kind": "artifacts.generate", "params": '{"library_id": null}',
        "cron": "0 3 * * *", "priority": "0", "enabled": "on",
    }  # fmt: skip
    return {**sent, **values}


class TestForm:
    def test_plans_what_is_added(self, boss: Client) -> None:
        boss.post(reverse(ADD), form())

        schedule = Schedule.objects.get()
        assert schedule.params == {"library_id": None}
        assert schedule.next_at is not None
        assert AuditEntry.objects.filter(object_type="jobs.schedule").count() == 1

    def test_plans_anew_what_is_changed_and_stops_what_is_disabled(self, boss: Client) -> None:
        boss.post(reverse(ADD), form())
        schedule = Schedule.objects.get()
        change = reverse("admin:jobs_schedule_change", args=[schedule.pk])

        boss.post(change, form(cron="30 4 * * *", version=schedule.version))
        changed = Schedule.objects.get()
        assert changed.next_at is not None
        assert changed.next_at.minute == 30

        boss.post(change, form(enabled="", version=changed.version))
        assert Schedule.objects.get().next_at is None

    def test_refuses_what_could_not_run(self, boss: Client) -> None:
        for wrong, said in (
            ({"cron": "0 3"}, "Give five fields"),
            ({"cron": "61 3 * * *"}, "The minute can&#x27;t be read"),
            ({"kind": "gone.task"}, "Select a valid choice"),
            ({"kind": "library.remove"}, "Select a valid choice"),
            ({"kind": "library.scan", "params": "{}"}, "needs library_id"),
            ({"params": '{"library_id": 1}'}, "there is no library of this id"),
            ({"params": '{"library_id": 1, "nonsense": 1}'}, "takes no nonsense"),
            ({"params": "[1]"}, "Give an object"),
            ({"params": "{"}, "Enter a valid JSON"),
        ):
            page = boss.post(reverse(ADD), form(**wrong)).content.decode()
            assert said in page, wrong
        assert not Schedule.objects.exists()

    def test_tells_which_parameters_each_kind_takes(self, boss: Client) -> None:
        page = boss.get(reverse(ADD)).content.decode()

        assert 'data-of-kind="library.scan">Scan takes library_id, ' in page
        assert "Artifacts takes library_id (optional), kinds (optional)" in page

    def test_one_whose_kind_is_gone_can_still_be_disabled(self, boss: Client) -> None:
        create(Schedule(name="Old", kind="artifacts.generate", cron="0 3 * * *"))
        Schedule.objects.update(kind="gone.task")
        schedule = Schedule.objects.get()
        change = reverse("admin:jobs_schedule_change", args=[schedule.pk])
        assert "be scheduled any more" in boss.get(change).content.decode()

        sent = form(name="Old", kind="gone.task", params="{}", enabled="", version=schedule.version)
        boss.post(change, sent)

        assert not Schedule.objects.get().enabled

    def test_is_deleted_with_an_audit_entry(self, boss: Client) -> None:
        schedule = create(Schedule(name="Old", kind="artifacts.generate", cron="0 3 * * *"))

        boss.post(reverse("admin:jobs_schedule_delete", args=[schedule.pk]), {"post": "yes"})

        assert not Schedule.objects.exists()
        assert AuditEntry.objects.filter(action="deleted").exists()


class TestWords:
    def say(self, client: Client, cron: str) -> dict[str, Any]:
        answer = client.get(reverse("admin:jobs_schedule_describe"), {"cron": cron})
        told: dict[str, Any] = answer.json()
        return told

    def test_of_times_while_they_are_typed(self, boss: Client) -> None:
        told = self.say(boss, "0 3 * * *")

        assert told["ok"]
        assert told["told"].startswith("At 03:00 every day. Next on ")

    def test_of_what_is_wrong(self, boss: Client) -> None:
        for cron in ("", "nonsense", "0 3 30 2 *", "0 3 * * \0", "9" * 5_000):
            assert not self.say(boss, cron)["ok"], cron


class TestList:
    def test_tells_next_last_and_error(self, boss: Client) -> None:
        schedule = create(Schedule(name="Nightly", kind="artifacts.generate", cron="0 3 * * *"))
        create(Schedule(name="Broken", kind="artifacts.generate", cron="0 4 * * *"))
        Schedule.objects.filter(name="Broken").update(last_error="There is no kind of job x.")

        page = boss.get(reverse("admin:jobs_schedule_changelist")).content.decode()

        for said in ("At 03:00 every day", "never", "There is no kind of job x.", "Artifacts"):
            assert said in page
        assert reverse("admin:jobs_schedule_change", args=[schedule.pk]) in page

    def test_runs_one_by_hand(self, boss: Client) -> None:
        library = make_library()
        schedule = create(
            Schedule(
                name="Scan", kind="library.scan", cron="0 3 * * *",
                params={"library_id": library.pk},
            )
        )  # fmt: skip

        response = boss.post(reverse("admin:jobs_schedule_run", args=[schedule.pk]))

        job = Job.objects.get()
        assert response["Location"] == reverse("admin:jobs_job_change", args=[job.pk])

    def test_says_why_one_cannot_be_run(self, boss: Client) -> None:
        schedule = create(Schedule(name="Old", kind="artifacts.generate", cron="0 3 * * *"))
        Schedule.objects.update(kind="gone.task")

        run = reverse("admin:jobs_schedule_run", args=[schedule.pk])
        page = boss.post(run, follow=True).content.decode()

        assert "There is no kind of job gone.task" in page

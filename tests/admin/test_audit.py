"""The audit in the admin: found, read, undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core import audit
from apps.core.context import Actor, acting
from apps.core.models import AuditAction, AuditEntry
from apps.editing.services.bulk import Changes, Selection, apply
from apps.library.models import Tag, Video
from apps.library.services.videos import edit_video
from tests.factories import (
    NOON,
    make_job,
    make_library,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

LIST = "/admin/core/auditentry/"


def newest() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def names(client: Client, **parameters: Any) -> list[str]:
    """The objects on the list's page."""
    response = client.get(LIST, parameters)
    assert response.status_code == 200
    return [entry.object_name for entry in response.context["cl"].result_list]


def page(client: Client, entry: AuditEntry) -> str:
    response = client.get(reverse("admin:core_auditentry_change", args=[entry.pk]))
    assert response.status_code == 200
    return response.content.decode()


class TestList:
    def test_search_and_filters(self, boss: Client) -> None:
        user, studio = make_user(), make_studio("Acme")
        tag, video = make_tag("old"), make_video("Winter")
        with acting(Actor(user_id=user.pk, request_id="r1")):
            audit.update(tag, {"name": "Summer"})
        with acting(Actor(user_id=user.pk, job_id=7)):
            audit.update(video, {"studio": studio})
        audit.delete(make_tag("gone"))
        AuditEntry.objects.filter(action=AuditAction.DELETED).update(at=NOON - timedelta(days=9))

        assert names(boss) == ["gone", "Winter", "Summer"]
        assert names(boss, q="umm") == names(boss, request_id="r1") == ["Summer"]
        assert names(boss, user__id__exact=user.pk) == ["Winter", "Summer"]
        assert names(boss, how="job") == names(boss, job_id="7") == ["Winter"]
        assert names(boss, how="direct") == ["gone", "Summer"]
        assert names(boss, object_type="library.video") == ["Winter"]
        assert names(boss, action__exact="deleted") == ["gone"]
        assert names(boss, field="Name") == names(boss, value="old") == ["Summer"]
        assert names(boss, value=str(studio.pk), field="studio") == ["Winter"]
        assert names(boss, at_from="2026-11-12", at_to="2026-11-12") == ["gone"]
        assert names(boss, at_from="2026-11-13", at_to="2026-11-14") == []
        assert names(boss, object_type="library.tag", object_id=tag.pk) == ["Summer"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("job_id", "x"), ("job_id", "9" * 30), ("value", '"'), ("value", "\0"), ("field", "'"),
            ("how", "x"), ("object_type", "x.y"), ("at_from", "9999-12-31"), ("at_to", "x"),
        ],
    )  # fmt: skip
    def test_odd_values_are_no_trouble(self, boss: Client, name: str, value: str) -> None:
        assert boss.get(LIST, {name: value}, follow=True).status_code == 200

    def test_says_names_in_place_of_ids(self, boss: Client) -> None:
        studio, comedy, drama = make_studio("Acme"), make_tag("Comedy"), make_tag("Drama")
        video = make_video("Film", tags=[drama])
        edit_video(video, {"studio": studio, "favorite": True}, tags=[comedy])
        audit.delete(drama)

        page = boss.get(LIST).content.decode()

        for text in ("<ins>Acme</ins>", "<del>Drama (deleted)</del>", "<ins>+ Comedy</ins>"):
            assert text in page
        assert "<del>no</del>" in page
        assert reverse("admin:library_video_change", args=[video.pk]) in page
        assert reverse("admin:library_tag_change", args=[drama.pk]) not in page

    def test_takes_the_queries_of_few_for_many(self, boss: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert boss.get(LIST).status_code == 200
            return len(captured)

        def edit() -> None:
            user, studio = make_user(), make_studio()
            with acting(Actor(user_id=user.pk, job_id=make_job().pk)):
                edit_video(make_video(), {"studio": studio}, tags=[make_tag()])
                audit.delete(make_tag())
                audit.update(make_tag(), {"name": f"x{user.pk}"})

        edit()
        queries()
        few = queries()
        for _ in range(7):
            edit()

        assert queries() == few

    def test_entry_of_a_plugin_that_is_gone_stays_readable(self, boss: Client) -> None:
        entry = AuditEntry.objects.create(
            object_type="plugin.thing", object_id=5, object_name="Thing", action="changed",
            changes={"colour": [1, [2, 3]], "odd": "x"},
        )  # fmt: skip

        assert names(boss, object_type="plugin.thing") == ["Thing"]
        assert "plugin.thing" in page(boss, entry)


class TestEntry:
    def test_leads_to_thing_job_and_what_else_was_done(self, boss: Client) -> None:
        tag, other, job = make_tag("one"), make_tag("two"), make_job()
        with acting(Actor(job_id=job.pk)):
            audit.update(tag, {"favorite": True})
            audit.update(other, {"favorite": True})
        text = page(boss, AuditEntry.objects.get(object_id=tag.pk))

        assert reverse("admin:library_tag_change", args=[tag.pk]) in text
        assert reverse("admin:jobs_job_change", args=[job.pk]) in text
        assert f"Also by job {job.pk}" in text
        assert "two" in text

    def test_of_what_is_gone_offers_no_dead_links(self, boss: Client) -> None:
        tag, job = make_tag("one"), make_job()
        with acting(Actor(job_id=job.pk)):
            audit.update(tag, {"favorite": True})
        changed = newest()
        job.delete()
        audit.delete(tag)
        text = page(boss, changed)

        assert reverse("admin:library_tag_change", args=[tag.pk]) not in text
        assert reverse("admin:jobs_job_change", args=[job.pk]) not in text
        assert reverse("admin:core_auditentry_undo", args=[changed.pk]) not in text


class TestUndo:
    def undo(self, client: Client, entry: AuditEntry, **data: str) -> list[str]:
        address = reverse("admin:core_auditentry_undo", args=[entry.pk])
        response = client.post(address, data, follow=True)
        return [str(message) for message in response.context["messages"]]

    def test_asks_and_does(self, boss: Client) -> None:
        tag = make_tag("old")
        audit.update(tag, {"name": "new"})
        address = reverse("admin:core_auditentry_undo", args=[newest().pk])

        asked = boss.get(address).content.decode()
        said = self.undo(boss, newest())

        assert "<del>new</del>" in asked
        assert "<ins>old</ins>" in asked
        assert said[0].startswith("Undone")
        assert Tag.objects.get().name == "old"
        assert newest().user is not None

    def test_of_what_was_changed_again_takes_a_tick(self, boss: Client) -> None:
        tag = make_tag("old")
        audit.update(tag, {"name": "new"})
        first = newest()
        audit.update(tag, {"name": "newer"})
        address = reverse("admin:core_auditentry_undo", args=[first.pk])

        assert 'name="force"' in boss.get(address).content.decode()
        assert "Changed again since" in self.undo(boss, first)[0]
        self.undo(boss, first, force="on")
        assert Tag.objects.get().name == "old"

    def test_brings_back_and_says_what_does_not_come(self, boss: Client) -> None:
        audit.delete(make_tag("gone"))

        said = self.undo(boss, newest())

        assert Tag.objects.get().name == "gone"
        assert "videos" in said[1]

    def test_stands_where_it_is_possible(self, boss: Client) -> None:
        tag = make_tag("old")
        audit.update(tag, {"name": "new"})
        possible = newest()
        audit.create(Tag(name="made"))
        created = newest()
        text = boss.get(LIST).content.decode()
        panel = boss.get(reverse("admin:library_tag_change", args=[tag.pk])).content.decode()
        address = reverse("admin:core_auditentry_undo", args=[possible.pk])

        assert address in text
        assert address in panel
        assert reverse("admin:core_auditentry_undo", args=[created.pk]) not in text

    def test_takes_the_right_to_change_the_thing(self, as_role: Callable[[Role], Client]) -> None:
        audit.update(make_library(), {"name": "new"})
        address = reverse("admin:core_auditentry_undo", args=[newest().pk])

        editor, operator = as_role(Role.EDITOR), as_role(Role.OPERATOR)

        assert (editor.get(address).status_code, operator.get(address).status_code) == (403, 200)
        assert editor.post(address).status_code == 403
        assert address not in editor.get(LIST).content.decode()


class TestManyRows:
    def edit(self) -> tuple[AuditEntry, Video, Video]:
        """Two videos with the same bulk edit, one of them edited again."""
        one, two, tag = make_video("<b>one"), make_video("two"), make_tag("beach")
        changes = Changes.read({"tags": {"add": [tag.pk]}, "rating": 7})
        entry = apply(Selection.of_ids([one.pk, two.pk]), changes).entry
        assert entry
        edit_video(two, {"rating": 9})
        return entry, one, two

    def test_are_listed_as_one_entry(self, boss: Client) -> None:
        entry, one, _ = self.edit()

        assert "2 videos" in names(boss)
        assert names(boss, object_type="library.video", object_id=one.pk) == ["2 videos"]
        assert names(boss, object_id="x") == []
        told = page(boss, entry)
        assert "&lt;b&gt;one" in told
        assert "beach" in told
        assert f"/admin/library/video/{one.pk}/change/" in told

    def test_stand_in_the_history_of_each(self, boss: Client) -> None:
        entry, one, _ = self.edit()

        told = boss.get(f"/admin/library/video/{one.pk}/change/").content.decode()

        assert reverse("admin:core_auditentry_change", args=[entry.pk]) in told
        assert "provenance" not in told

    def test_page_goes_on(self, boss: Client) -> None:
        ids = [make_video().pk for _ in range(51)]
        entry = apply(Selection.of_ids(ids), Changes.read({"favorite": True})).entry
        assert entry

        assert f"?after={ids[49]}#" in page(boss, entry)
        url = reverse("admin:core_auditentry_change", args=[entry.pk])
        last = boss.get(url, {"after": ids[49]}).context
        assert [row.pk for row in last["rows"]] == ids[50:]
        assert not last["after"]

    def test_take_as_many_queries_for_many_rows(self, boss: Client) -> None:
        def count(number: int) -> tuple[int, int]:
            ids = [make_video(rating=n + 1).pk for n in range(number)]
            entry = apply(Selection.of_ids(ids), Changes.read({"rating": 90})).entry
            assert entry
            urls = [
                reverse(f"admin:core_auditentry_{p}", args=[entry.pk]) for p in ("change", "undo")
            ]
            found = []
            for url in urls:
                with CaptureQueriesContext(connection) as queries:
                    assert boss.get(url).status_code == 200
                found.append(len(queries))
            return found[0], found[1]

        assert count(2) == count(20)

    @pytest.mark.parametrize(("contested", "rating"), [("keep", 9), ("overwrite", None)])
    def test_undo_shows_conflicts_and_asks(
        self, boss: Client, contested: str, rating: int | None
    ) -> None:
        entry, one, two = self.edit()
        url = reverse("admin:core_auditentry_undo", args=[entry.pk])

        asked = boss.get(url)
        assert asked.context["foreseen"].contested == 1
        assert "changed again since" in asked.content.decode()
        refused = boss.post(url, follow=True)
        assert "Changed again since in one row, such as “two”" in refused.content.decode()
        done = boss.post(url, {"contested": contested}, follow=True)

        assert done.status_code == 200
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.rating, two.rating, one.tag_ids, two.tag_ids) == (None, rating, [], [])

    def test_undo_of_very_many_is_a_job(self, boss: Client) -> None:
        entry, _, _ = self.edit()
        AuditEntry.objects.filter(pk=entry.pk).update(row_count=10_000)

        done = boss.post(
            reverse("admin:core_auditentry_undo", args=[entry.pk]), {"contested": "keep"}
        )

        assert done.status_code == 302
        assert "/admin/jobs/job/" in done["Location"]

"""The one way in which edits by people are saved."""

from datetime import date

import pytest

from apps.core import audit
from apps.core.context import Actor, acting, assume, current
from apps.core.models import AuditAction, AuditEntry
from apps.library.models import PerformerImage, Tag, Video
from tests.factories import make_performer, make_studio, make_tag, make_user, make_video

pytestmark = pytest.mark.django_db


class TestCreate:
    def test_writes_down_who_made_it(self) -> None:
        user = make_user()

        with acting(Actor(user_id=user.pk, request_id="r1")):
            tag = audit.create(Tag(name="new"), related={"parents": [make_tag()]})

        entry = AuditEntry.objects.get()
        assert (entry.action, entry.user, entry.request_id) == (AuditAction.CREATED, user, "r1")
        assert (entry.object_type, entry.object_id) == ("library.tag", tag.pk)
        assert tag.provenance["name"] == {
            **tag.provenance["name"],
            "source": "person",
            "by": user.pk,
        }
        assert tag.parents.count() == 1


class TestUpdate:
    def test_writes_down_old_and_new(self) -> None:
        video, tag = make_video("old", date=date(2000, 1, 1)), make_tag()

        changed = audit.update(
            video, {"title": "new", "date": None, "rating": None}, related={"tags": [tag]}
        )

        assert changed.version == 2
        assert AuditEntry.objects.get().changes == {
            "title": ["old", "new"], "date": ["2000-01-01", None], "tags": [[], [tag.pk]],
        }  # fmt: skip

    def test_leaves_alone_what_triggers_keep(self) -> None:
        tag, studio = make_tag(), make_studio()
        stale = make_video()
        stale.tags.add(tag)  # the row in hand doesn't know

        audit.update(stale, {"title": "x", "studio": studio}, related={"tags": [tag, make_tag()]})

        assert len(Video.objects.get().tag_ids) == 2
        studio.refresh_from_db()
        assert studio.video_count == 1

    def test_leaves_alone_columns_that_it_does_not_name(self) -> None:
        video = make_video("old")
        Video.objects.update(title="from elsewhere")

        audit.update(video, {"rating": 3})

        assert Video.objects.get().title == "from elsewhere"

    def test_without_a_change_leaves_no_trace(self) -> None:
        video = make_video("same")

        assert audit.update(video, {"title": "same"}, related={"tags": []}).version == 1
        assert not AuditEntry.objects.exists()

    def test_refuses_a_stale_version(self) -> None:
        tag = make_tag("old")
        audit.update(tag, {"name": "theirs"}, expected_version=1)

        with pytest.raises(audit.StaleEdit) as refused:
            audit.update(tag, {"name": "mine"}, expected_version=1)

        assert (refused.value.code, refused.value.status) == ("stale_edit", 412)
        assert Tag.objects.get().name == "theirs"

    def test_refuses_a_row_that_is_gone(self) -> None:
        tag = make_tag()
        Tag.objects.all().delete()

        with pytest.raises(audit.RowGone) as refused:
            audit.update(tag, {"name": "x"})

        assert refused.value.code == "row_gone"

    def test_of_a_job_names_the_job(self) -> None:
        video = make_video()

        with acting(Actor(job_id=7)):
            changed = audit.update(video, {"rating": 3})

        assert AuditEntry.objects.get().job_id == 7
        assert changed.provenance["rating"]["source"] == "job"

    def test_of_a_row_without_versions(self) -> None:
        image = PerformerImage.objects.create(performer=make_performer(), image="x.webp")

        audit.update(image, {"position": 3}, expected_version=99)

        assert AuditEntry.objects.get().changes == {"position": [0, 3]}


class TestDelete:
    def test_keeps_the_values(self) -> None:
        tag = make_tag("gone")

        audit.delete(tag, expected_version=1)

        entry = AuditEntry.objects.get()
        assert (entry.action, entry.object_name) == (AuditAction.DELETED, "gone")
        assert entry.changes["name"] == ["gone", None]

    def test_refuses_a_stale_version(self) -> None:
        with pytest.raises(audit.StaleEdit):
            audit.delete(make_tag(), expected_version=2)

        assert Tag.objects.count() == 1


class TestContext:
    def test_assumed_actor_ends_with_the_one_around(self) -> None:
        with acting(Actor(request_id="r")):
            assume(Actor(user_id=5, request_id="r"))
            assert current().user_id == 5

        assert current().user_id is None

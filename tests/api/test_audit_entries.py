"""The audit as clients read it."""

from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core import audit
from apps.core.models import AuditEntry
from apps.library.models import Studio, Tag
from tests.client import Api
from tests.factories import make_library, make_studio, make_tag, make_user


def test_change_is_told_with_who_and_what(api: Api) -> None:
    tag = make_tag("old")
    assert api.user
    api.headers = {"X-Request-ID": "mine-1"}
    api.patch(f"tags/{tag.pk}/", {"name": "new"})

    entry = api.results("audit/")[0]

    assert entry["object_type"] == "library.tag"
    assert (entry["object_id"], entry["object_name"]) == (tag.pk, "new")
    assert (entry["action"], entry["changes"]) == ("changed", {"name": ["old", "new"]})
    assert (entry["user"], entry["user_name"]) == (api.user.pk, api.user.username)
    assert (entry["job_id"], entry["request_id"]) == (None, "mine-1")


def test_filters(api: Api) -> None:
    first, second = make_tag(), make_tag()
    assert api.user
    api.patch(f"tags/{first.pk}/", {"name": "x"})
    api.delete(f"tags/{second.pk}/")

    def found(**parameters: object) -> list[tuple[str, int]]:
        return [(e["action"], e["object_id"]) for e in api.results("audit/", **parameters)]

    changed, deleted = ("changed", first.pk), ("deleted", second.pk)
    assert found() == [deleted, changed]
    assert found(action="deleted") == [deleted]
    assert found(object_type="library.tag", object_id=first.pk) == [changed]
    assert found(user=api.user.pk) == [deleted, changed]
    assert found(user=999_999) == found(job_id=7) == found(before="2020-01-01T00:00:00Z") == []


def test_it_is_read_only(api: Api) -> None:
    api.post("tags/", {"name": "x"})
    entry = api.results("audit/")[0]["id"]

    assert api.delete(f"audit/{entry}/").status_code == 405
    assert api.patch(f"audit/{entry}/", {"action": "x"}).status_code == 405


def test_finds_by_name_field_and_value(api: Api) -> None:
    tag, studio = make_tag("old"), make_studio("Acme")
    api.patch(f"tags/{tag.pk}/", {"name": "Winter", "favorite": True})
    api.patch(f"studios/{studio.pk}/", {"parent": make_studio().pk})

    def found(**parameters: object) -> list[str]:
        return [e["object_type"] for e in api.results("audit/", **parameters)]

    assert found(name="wint") == found(field="favorite") == found(value="old") == ["library.tag"]
    assert found(field="name", value="Winter") == ["library.tag"]
    assert found(value=Studio.objects.get(pk=studio.pk).parent_id) == ["library.studio"]
    assert found(value="wint") == found(field="name", value='") || (1 == 1') == []


class TestUndo:
    def test_answers_with_its_own_entry(self, api: Api) -> None:
        tag = make_tag("old")
        api.patch(f"tags/{tag.pk}/", {"name": "new"})
        entry = api.results("audit/")[0]

        response = api.post(f"audit/{entry['id']}/undo/")

        assert entry["undoable"] is True
        assert response.status_code == 200
        assert response.json()["entry"]["changes"] == {"name": ["new", "old"]}
        assert response.json()["lost"] == []
        assert Tag.objects.get().name == "old"

    def test_of_what_was_changed_since_takes_force(self, api: Api) -> None:
        tag = make_tag("old")
        api.patch(f"tags/{tag.pk}/", {"name": "new"})
        entry = api.results("audit/")[0]["id"]
        api.patch(f"tags/{tag.pk}/", {"name": "newer"})

        refused = api.post(f"audit/{entry}/undo/")
        forced = api.post(f"audit/{entry}/undo/", {"force": True})

        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:mediahub:problem:changed_since"
        assert list(refused.json()["errors"]) == ["name"]
        assert forced.status_code == 200
        assert Tag.objects.get().name == "old"

    def test_of_a_creation_is_a_conflict(self, api: Api) -> None:
        api.post("tags/", {"name": "x"})
        entry = api.results("audit/")[0]

        response = api.post(f"audit/{entry['id']}/undo/")

        assert entry["undoable"] is False
        assert response.status_code == 409
        assert response.json()["type"] == "urn:mediahub:problem:not_undoable"

    def test_takes_the_right_to_change_the_thing(self, db: None) -> None:
        library = make_library(name="old")
        audit.update(library, {"name": "new"})
        entry = AuditEntry.objects.latest("pk").pk

        assert Api(make_user(Role.EDITOR)).post(f"audit/{entry}/undo/").status_code == 403
        assert Api(make_user(Role.OPERATOR)).post(f"audit/{entry}/undo/").status_code == 200


def test_private_things_are_told_only_who_did_them_and_superusers(api: Api) -> None:
    ann, editor = Api(make_user(Role.VIEWER)), Api(make_user(Role.EDITOR))
    ann.post("playlists/", {"name": "Secret list"})
    ann.post("saved-views/", {"name": "Secret view", "query": "secret"})
    editor.post("playlists/", {"name": "Mine"})
    secret = AuditEntry.objects.get(object_name="Secret list").pk

    assert [one["object_name"] for one in editor.results("audit/")] == ["Mine"]
    assert editor.get(f"audit/{secret}/").status_code == 404
    assert editor.post(f"audit/{secret}/undo/", {}).status_code == 404
    assert len(api.results("audit/")) == 3
    for address in ("changelist", "change", "undo"):
        keys = [] if address == "changelist" else [secret]
        browser = Client()
        assert editor.user
        browser.force_login(editor.user)
        page = browser.get(reverse(f"admin:core_auditentry_{address}", args=keys), follow=True)
        assert "Secret" not in page.content.decode()

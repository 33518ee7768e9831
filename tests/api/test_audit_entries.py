"""The audit as clients read it."""

from tests.client import Api
from tests.factories import make_tag


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

"""Tags, performers, studios, markers and invented fields."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core.models import AuditEntry
from apps.library.models import Marker, Performer, Studio, Tag
from tests.client import Api
from tests.factories import (
    make_custom_field,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)


def _refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


def test_tag_is_made_below_its_parents(api: Api) -> None:
    animal = make_tag("animal")

    response = api.post("tags/", {"name": "cat", "aliases": ["kitty"], "parents": [animal.pk]})

    cat = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/v1/tags/{cat['id']}/"
    assert cat["parents"] == [{"id": animal.pk, "name": "animal"}]
    assert api.results("tags/", parent=animal.pk) == [cat]
    created = AuditEntry.objects.get()
    assert (created.action, created.changes) == ("created", {"parents": [[], [animal.pk]]})


def test_tags_never_include_themselves(api: Api) -> None:
    top = make_tag("top")
    middle = make_tag("middle", parents=[top])
    bottom = make_tag("bottom", parents=[middle])

    response = api.patch(f"tags/{top.pk}/", {"parents": [bottom.pk]})

    assert _refusal(response) == (400, "tag_cycle")
    assert response.json()["errors"] == {
        "parents": ["top can't be put below bottom, which it includes already."]
    }
    assert _refusal(api.patch(f"tags/{top.pk}/", {"parents": [top.pk]})) == (400, "tag_cycle")
    assert api.patch(f"tags/{bottom.pk}/", {"parents": [top.pk, middle.pk]}).status_code == 200


def test_studios_never_belong_to_themselves(api: Api) -> None:
    top = make_studio("top")
    bottom = make_studio("bottom", parent=make_studio(parent=top))

    response = api.patch(f"studios/{top.pk}/", {"parent": bottom.pk})

    assert _refusal(response) == (400, "studio_cycle")
    assert "parent" in response.json()["errors"]
    assert _refusal(api.patch(f"studios/{top.pk}/", {"parent": top.pk})) == (400, "studio_cycle")
    assert api.patch(f"studios/{bottom.pk}/", {"parent": None}).json()["parent"] is None


def test_search_and_name(api: Api) -> None:
    make_performer("Ann Lee")
    make_performer("Lee Marvin")

    assert [p["name"] for p in api.results("performers/", search="lee ann")] == ["Ann Lee"]
    assert [p["name"] for p in api.results("performers/", name="ann lee")] == ["Ann Lee"]
    assert len(api.results("performers/", search="LEE")) == 2


def test_performers_of_one_name_are_told_apart(api: Api) -> None:
    facts = {"name": "Ann", "disambiguation": "singer", "birth_date": "1950-01-02", "rating": 7}

    assert api.post("performers/", facts).status_code == 201
    assert api.post("performers/", {"name": "ann"}).status_code == 201
    assert _refusal(api.post("performers/", facts)) == (409, "duplicate")
    assert api.post("performers/", {"name": "x", "rating": 101}).status_code == 400


def test_merged_tags_become_one(api: Api) -> None:
    animal, grandchild = make_tag("animal"), make_tag("kitten")
    feline = make_tag("feline", aliases=["cats"], details="Meow.", parents=[animal])
    cat = make_tag("cat", aliases=["Cats"], favorite=True)
    grandchild.parents.set([feline])
    both, one = make_video(tags=[feline, cat]), make_video(tags=[feline])
    marker = make_marker(one, tag=feline)

    merged = api.post(f"tags/{feline.pk}/merge/", {"into": cat.pk}).json()

    assert merged["aliases"] == ["Cats", "feline"]
    assert (merged["details"], merged["favorite"], merged["video_count"]) == ("Meow.", True, 2)
    assert merged["parents"] == [{"id": animal.pk, "name": "animal"}]
    assert not Tag.objects.filter(pk=feline.pk).exists()
    assert list(grandchild.parents.all()) == [cat]
    for video in (both, one):
        video.refresh_from_db()
        assert video.tag_ids == [cat.pk]
    marker.refresh_from_db()
    assert marker.tag == cat
    assert AuditEntry.objects.filter(object_type="library.tag", action="deleted").exists()


def test_merging_relatives_leaves_no_cycle(api: Api) -> None:
    top = make_tag("top")
    middle = make_tag("middle", parents=[top])
    bottom = make_tag("bottom", parents=[middle])

    api.post(f"tags/{top.pk}/merge/", {"into": bottom.pk})

    assert list(middle.parents.all()) == []
    assert list(bottom.parents.all()) == [middle]


def test_merged_performers_become_one(api: Api) -> None:
    stage = make_performer("Stage", country="US", urls=["https://a.example/"], rating=3)
    real = make_performer("Real", country="GB", urls=["https://b.example/"])
    video = make_video(performers=[stage])

    merged = api.post(f"performers/{stage.pk}/merge/", {"into": real.pk}).json()

    assert (merged["aliases"], merged["country"], merged["rating"]) == (["Stage"], "GB", 3)
    assert merged["urls"] == ["https://b.example/", "https://a.example/"]
    assert merged["video_count"] == 1
    assert list(video.performers.all()) == [real]
    assert Performer.objects.count() == 1


def test_merged_studios_become_one(api: Api) -> None:
    top = make_studio("top")
    source = make_studio("source", parent=top)
    into = make_studio("into", parent=make_studio("between", parent=source))
    video = make_video(studio=source)

    merged = api.post(f"studios/{source.pk}/merge/", {"into": into.pk}).json()

    assert merged["parent"] == {"id": top.pk, "name": "top"}
    assert merged["video_count"] == 1
    assert Studio.objects.get(name="between").parent == into
    video.refresh_from_db()
    assert video.studio == into


@pytest.mark.parametrize("path", ["tags", "performers", "studios"])
def test_merge_that_cannot_be_is_refused(api: Api, path: str) -> None:
    maker: Any = {"tags": make_tag, "performers": make_performer, "studios": make_studio}[path]
    row, other = maker(), maker()
    address = f"{path}/{row.pk}/merge/"

    assert _refusal(api.post(address, {"into": row.pk})) == (409, "merge_refused")
    assert api.post(address, {"into": 999_999}).status_code == 400
    assert api.post(address, {}).status_code == 400
    stale = api.post(address, {"into": other.pk}, If_Unmodified_Since_Version="7")
    assert stale.status_code == 412
    assert type(row).objects.count() == 2


def test_markers_are_in_seconds(api: Api) -> None:
    video, tag = make_video(), make_tag("verse")

    response = api.post(
        "markers/", {"video": video.pk, "title": "Song", "start": 1.25, "end": 9, "tag": tag.pk}
    )

    marker = response.json()
    assert response.status_code == 201
    assert (marker["start"], marker["end"]) == (1.25, 9.0)
    assert marker["tag"] == {"id": tag.pk, "name": "verse"}
    assert Marker.objects.get().start_ms == 1_250
    changed = api.patch(f"markers/{marker['id']}/", {"end": None, "start": 20}).json()
    assert (changed["start"], changed["end"], changed["version"]) == (20.0, None, 2)
    assert api.results("markers/", video=video.pk, tag=tag.pk, ordering="start") == [changed]


@pytest.mark.parametrize(
    "values",
    [
        {"start": 5, "end": 5}, {"start": 5, "end": 4}, {"start": -1}, {"start": "x"},
        {"start": 1e300}, {"start": None}, {}, {"start": 1, "video": 999_999},
    ],
)  # fmt: skip
def test_marker_that_cannot_be_is_refused(api: Api, values: dict[str, Any]) -> None:
    assert api.post("markers/", {"video": make_video().pk, **values}).status_code == 400


def test_end_of_a_marker_is_compared_with_the_start_that_stays(api: Api) -> None:
    marker = make_marker(start_ms=5_000, end_ms=9_000)

    assert api.patch(f"markers/{marker.pk}/", {"end": 4}).status_code == 400
    assert api.patch(f"markers/{marker.pk}/", {"start": 9.5}).status_code == 400


def test_key_and_kind_of_a_custom_field_are_settled(api: Api) -> None:
    field = make_custom_field("seen", kind="flag")

    assert api.patch(f"custom-fields/{field.pk}/", {"kind": "text"}).status_code == 400
    assert api.patch(f"custom-fields/{field.pk}/", {"label": "Seen?"}).json()["label"] == "Seen?"
    assert api.post("custom-fields/", {"key": "Bad Key", "label": "x"}).status_code == 400
    assert _refusal(api.post("custom-fields/", {"key": "seen", "label": "x"})) == (409, "duplicate")


def test_pictures_of_a_performer_are_served_in_their_order(api: Api) -> None:
    performer, other = make_performer(), make_performer()
    path = default_storage.save("performers/test.webp", ContentFile(b"RIFF"))
    second = performer.images.create(image="performers/gone.webp", position=2)
    first = performer.images.create(image=path, position=1)

    shown = api.get(f"performers/{performer.pk}/").json()["images"]

    base = f"http://testserver/api/v1/performers/{performer.pk}/images/"
    assert shown == [
        {"id": first.pk, "url": f"{base}{first.pk}/"},
        {"id": second.pk, "url": f"{base}{second.pk}/"},
    ]
    response = api.get(shown[0]["url"])
    assert (response.content, response["Content-Type"]) == (b"RIFF", "image/webp")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert api.get(shown[1]["url"]).status_code == 404
    assert api.get(f"performers/{other.pk}/images/{first.pk}/").status_code == 404
    default_storage.delete(path)

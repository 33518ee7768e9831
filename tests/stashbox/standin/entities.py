"""The fields of scenes and what belongs to them, as far as they aren't keys of ``Data``."""

from typing import Any
from urllib.parse import urlsplit

from ariadne import ObjectType

from tests.stashbox.standin.data import Entity

scene = ObjectType("Scene")
performer = ObjectType("Performer")
studio = ObjectType("Studio")
appearance = ObjectType("PerformerAppearance")
image = ObjectType("Image")


@scene.field("studio")
def _studio_of(each: Entity, info: Any) -> Any:
    return info.context.data.studios.get(each["studio"])


@scene.field("tags")
def _tags_of(each: Entity, info: Any) -> list[Entity]:
    return [info.context.data.tags[tag] for tag in each["tags"]]


@scene.field("fingerprints")
def _prints_of(each: Entity, _: Any, *, is_submitted: bool | None = False) -> list[Entity]:
    asked = [one for one in each["fingerprints"] if one["user_submitted"] or not is_submitted]
    return sorted(asked, key=lambda one: one["reports"] - one["submissions"])


@scene.field("date")
def _date_of(each: Entity, _: Any) -> Any:
    return each["release_date"]


@appearance.field("performer")
def _who(each: Entity, info: Any) -> Entity:
    found: Entity = info.context.data.performers[each["performer"]]
    return found


@performer.field("scene_count")
def _scene_count(each: Entity, info: Any) -> int:
    count: int = info.context.data.scene_count(each["id"])
    return count


@performer.field("merged_ids")
def _merged_ids(each: Entity, info: Any) -> list[str]:
    performers = info.context.data.performers.values()
    return [one["id"] for one in performers if one["merged_into_id"] == each["id"]]


@performer.field("birthdate")
def _birthdate(each: Entity, _: Any) -> Entity | None:
    date = each["birth_date"]
    return {"date": f"{date}-01-01"[:10], "accuracy": "DAY"} if date else None


@performer.field("measurements")
def _measurements(each: Entity, _: Any) -> Entity:
    return {**each, "waist": each["waist_size"], "hip": each["hip_size"]}


@studio.field("parent")
def _parent(each: Entity, info: Any) -> Any:
    return info.context.data.studios.get(each["parent"])


@studio.field("child_studios")
def _children(each: Entity, info: Any) -> list[Entity]:
    return [one for one in info.context.data.studios.values() if one["parent"] == each["id"]]


@image.field("url")
def _image_url(each: Entity, info: Any) -> str:
    return each.get("url") or f"{info.context.base_url}/images/{each['id']}"


for _owner in (scene, performer, studio):

    @_owner.field("urls")
    def _urls_of(each: Entity, _: Any) -> list[Entity]:
        return [{"url": url, "type": "HOME", "site": _site(url)} for url in each["urls"]]


def _site(url: str) -> Entity:
    host = urlsplit(url).hostname or "elsewhere"
    return {"id": host, "name": host.removeprefix("www."), "url": f"https://{host}"}

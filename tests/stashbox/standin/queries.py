"""What is asked for, by fingerprints, ids and words."""

from typing import Any

from ariadne import QueryType
from graphql import GraphQLError

from tests.stashbox.standin.data import Data, Entity
from tests.stashbox.standin.visit import Visit

query = QueryType()


@query.field("findScenesBySceneFingerprints")
def _by_fingerprints(_: Any, info: Any, *, fingerprints: list[list[Entity]]) -> list[list[Any]]:
    visit: Visit = info.context
    if len(fingerprints) > visit.settings.most_scenes:
        message = "too many scenes"
        raise GraphQLError(message)
    return [
        [
            GraphQLError("scene could not be read")
            if found in visit.settings.broken_scenes
            else visit.data.scenes[found]
            for found in visit.data.matching(prints, distance=visit.settings.distance)
        ]
        for prints in fingerprints
    ]


@query.field("findScene")
def _find_scene(_: Any, info: Any, *, id: str) -> Entity | None:  # noqa: A002 - the protocol's
    if id in info.context.settings.broken_scenes:
        message = "scene could not be read"
        raise GraphQLError(message)
    return _one(info.context.data.scenes, id, None)


@query.field("findPerformer")
def _find_performer(_: Any, info: Any, *, id: str) -> Entity | None:  # noqa: A002
    return _one(info.context.data.performers, id, None)


@query.field("findStudio")
def _find_studio(
    _: Any, info: Any, *, id: str | None = None, name: str | None = None  # noqa: A002
) -> Entity | None:  # fmt: skip
    return _one(info.context.data.studios, id, name)


@query.field("findTag")
def _find_tag(
    _: Any, info: Any, *, id: str | None = None, name: str | None = None  # noqa: A002
) -> Entity | None:  # fmt: skip
    return _one(info.context.data.tags, id, name)


@query.field("findTagOrAlias")
def _find_tag_or_alias(_: Any, info: Any, *, name: str) -> Entity | None:
    tags = info.context.data.tags
    by_alias = (
        each for each in tags.values()
        if not each["deleted"] and name.casefold() in [one.casefold() for one in each["aliases"]]
    )  # fmt: skip
    return _one(tags, None, name) or next(by_alias, None)


@query.field("searchScenes")
def _search_scenes(_: Any, info: Any, *, term: str, **paging: Any) -> Entity:
    data = info.context.data
    found = data.search(data.scenes, term, lambda each: _scene_texts(data, each))
    return {"count": len(found), "scenes": _page(found, **paging)}


@query.field("searchScene")
def _search_scene(_: Any, info: Any, *, term: str, limit: int = 10) -> list[Entity]:
    return list(_search_scenes(_, info, term=term, limit=limit)["scenes"])


@query.field("searchPerformers")
def _search_performers(
    _: Any, info: Any, *, term: str, filter: Any = None, **paging: Any  # noqa: A002
) -> Entity:  # fmt: skip
    data = info.context.data
    found = data.search(
        data.performers, term, lambda each: (each["name"], each["disambiguation"], *each["aliases"])
    )
    gender = (filter or {}).get("gender")
    found = [each for each in found if gender is None or each["gender"] == gender]
    return {"count": len(found), "performers": _page(found, **paging)}


@query.field("searchPerformer")
def _search_performer(_: Any, info: Any, *, term: str, limit: int = 10) -> list[Entity]:
    return list(_search_performers(_, info, term=term, limit=limit)["performers"])


@query.field("me")
def _me(_: Any, info: Any) -> Entity:
    visit: Visit = info.context
    return {"id": "1", "name": visit.settings.user, "roles": sorted(visit.roles)}


@query.field("version")
def _version(_: Any, info: Any) -> Entity:
    return {
        "hash": "0000000",
        "build_time": "2026-01-01 00:00:00",
        "build_type": "STAND-IN",
        "version": info.context.settings.version,
    }


def _one(entities: dict[str, Entity], id_: str | None, name: str | None) -> Entity | None:
    if id_ is not None:
        return entities.get(id_)
    wanted = (name or "").casefold()
    living = (each for each in entities.values() if not each["deleted"])
    return next((each for each in living if each["name"].casefold() == wanted), None)


def _page(
    found: list[Entity], *, limit: int | None = None, page: int | None = None,
    per_page: int | None = None,
) -> list[Entity]:  # fmt: skip
    size = per_page or limit or 10
    start = (max(page or 1, 1) - 1) * size
    return found[start : start + size]


def _scene_texts(data: Data, each: Entity) -> list[str | None]:
    made_by = data.studios.get(each["studio"]) or {"name": None}
    people = [data.performers[one["performer"]]["name"] for one in each["performers"]]
    return [each["title"], each["code"], each["release_date"], made_by["name"], *people]

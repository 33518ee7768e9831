"""The stand-in does what a stash-box does, and what one does on a bad day."""

from typing import Any

import httpx
import pytest

from tests.stashbox.standin import KEY, NOBODY, READER, DeprecatedAsked, StandIn
from tests.stashbox.standin import settings as may

LOOKUP = """
query Lookup($prints: [[FingerprintQueryInput!]!]!) {
  findScenesBySceneFingerprints(fingerprints: $prints) {
    id title release_date deleted duration
    studio { name parent { name } }
    performers { as performer { id name scene_count } }
    tags { name } urls { url site { name } } images { url width height }
    fingerprints { algorithm hash duration submissions reports user_submitted }
  }
}
"""
PHASH = "0f0f0f0f0f0f0f0f"
NEAR = "0f0f0f0f0f0f0f00"  # four bits from it


def ask(standin: StandIn, query: str, *, key: str | None = KEY, **variables: Any) -> httpx.Response:
    headers = {} if key is None else {"ApiKey": key}
    sent = {"query": query, "variables": variables}
    return httpx.post(standin.url, json=sent, headers=headers, trust_env=False)


def prints(*hashes: str, algorithm: str = "PHASH") -> list[dict[str, str]]:
    return [{"algorithm": algorithm, "hash": each} for each in hashes]


def titles(answer: httpx.Response) -> list[list[str]]:
    found = answer.json()["data"]["findScenesBySceneFingerprints"]
    return [[scene["title"] for scene in scenes] for scenes in found]


def test_finds_scenes_in_the_order_asked(standin: StandIn) -> None:
    standin.data.add_scene(title="One", prints=[("OSHASH", "00000000000000aa", 60)])
    standin.data.add_scene(title="Two", prints=[("PHASH", PHASH, 61)])

    answer = ask(
        standin, LOOKUP, prints=[prints(PHASH), [], prints("AA", algorithm="OSHASH"), prints(NEAR)]
    )

    assert titles(answer) == [["Two"], [], ["One"], []]
    request = standin.requests[0]
    assert (request.operation, request.root) == ("Lookup", "findScenesBySceneFingerprints")
    assert (request.scenes, request.status, request.key) == (4, 200, KEY)


def test_says_all_of_a_scene(standin: StandIn) -> None:
    data = standin.data
    parent = data.add_studio("Group")
    studio = data.add_studio("Site", parent=parent)
    who = data.add_performer("Ann Other")
    data.add_scene(
        title="All", studio=studio, tags=[data.add_tag("Beach")], urls=["https://site.example/1"],
        performers=[{"performer": who, "as": "Annie"}], release_date="2024-05",
        images=[{"id": "all", "width": 64, "height": 36}], prints=[("PHASH", PHASH, 61)],
    )  # fmt: skip

    scene = ask(standin, LOOKUP, prints=[prints(PHASH)]).json()["data"]
    scene = scene["findScenesBySceneFingerprints"][0][0]

    assert scene["studio"] == {"name": "Site", "parent": {"name": "Group"}}
    assert scene["performers"][0]["as"] == "Annie"
    assert scene["performers"][0]["performer"] == {
        "id": who,
        "name": "Ann Other",
        "scene_count": 1,
    }
    assert scene["urls"][0]["site"]["name"] == "site.example"
    picture = httpx.get(scene["images"][0]["url"], trust_env=False)
    assert picture.headers["content-type"] == "image/png"


def test_has_a_distance(standin: StandIn) -> None:
    standin.data.add_scene(title="Two", prints=[("PHASH", PHASH, 61)])
    found = []
    for standin.settings.distance in (3, 4):
        found += titles(ask(standin, LOOKUP, prints=[prints(NEAR)]))

    assert found == [[], ["Two"]]


def test_refuses_41_scenes(standin: StandIn) -> None:
    answer = ask(standin, LOOKUP, prints=[prints(PHASH)] * 41)

    assert answer.json()["errors"][0]["message"] == "too many scenes"


@pytest.mark.parametrize("key", [None, "wrong"])
def test_says_nothing_without_a_key(standin: StandIn, key: str | None) -> None:
    answer = ask(standin, "{ version { version } }", key=key)

    assert (answer.status_code, answer.content) == (401, b"")


def test_refuses_who_lacks_a_role(standin: StandIn) -> None:
    asked = ask(standin, "{ version { version } }", key=NOBODY)
    given = ask(standin, 'mutation { submitPerformerDraft(input: {name: "x"}) { id } }', key=READER)

    for answer in (asked, given):
        assert answer.status_code == 200
        assert answer.json()["errors"][0]["message"] == "not authorized"
    assert ask(standin, "{ me { name } }", key=NOBODY).json()["data"]["me"] == {"name": "tester"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ version { colour } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ searchScenes(term: 3) { count } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ version {", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_refuses_what_it_does_not_know(standin: StandIn, query: str, code: str) -> None:
    answer = ask(standin, query)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["extensions"]["code"] == code


def test_may_know_less(standin: StandIn) -> None:
    standin.settings.without = {"Query.searchScenes"}

    answer = ask(standin, '{ searchScenes(term: "a") { count } }')

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("query", "variables", "what"),
    [
        ('{ searchScene(term: "a") { id } }', {}, "Query.searchScene"),
        ('{ findScene(id: "x") { date } }', {}, "Scene.date"),
        (
            "mutation D($i: SceneDraftInput!) { submitSceneDraft(input: $i) { id } }",
            {"i": {"performers": [], "fingerprints": [], "url": "https://x.example/"}},
            "SceneDraftInput.url",
        ),
    ],
)
def test_notices_what_is_deprecated(
    standin: StandIn, query: str, variables: dict[str, Any], what: str
) -> None:
    assert "errors" not in ask(standin, query, **variables).json()

    with pytest.raises(DeprecatedAsked, match=what):
        standin.check()
    standin.requests.clear()


def test_has_storms_and_then_none(standin: StandIn) -> None:
    standin.trouble.extend([may.storm(retry_after="7"), may.failure(503)])

    answers = [ask(standin, "{ me { name } }") for _ in range(3)]

    assert [each.status_code for each in answers] == [429, 503, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert [each.status for each in standin.requests] == [429, 503, 200]

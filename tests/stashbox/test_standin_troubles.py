"""What goes wrong at the stand-in, what it is given, and what is merged and deleted there."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.stashbox.standin import KEY, Data, Received, Settings, StandIn, serve
from tests.stashbox.standin import settings as may
from tests.stashbox.test_standin import LOOKUP, PHASH, ask, prints, titles

ME = "{ me { name } }"
MOST = 4_000_000


@pytest.fixture(scope="module")
def web() -> Iterator[StandIn]:
    """One for all that changes nothing there."""
    with serve(Data()) as running:
        yield running


def first_bytes(standin: StandIn, most: int) -> int:
    """How much of an answer came, if the client gives up after so much."""
    got = 0
    headers = {"ApiKey": KEY}
    with httpx.stream(
        "POST", standin.url, json={"query": ME}, headers=headers, trust_env=False
    ) as answer:
        for piece in answer.iter_bytes():
            got += len(piece)
            if got > most:
                break
    return got


def test_sends_json_that_ends_early(standin: StandIn) -> None:
    standin.trouble.append(may.broken_json())

    answer = ask(standin, ME)

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_is_slow(standin: StandIn) -> None:
    standin.trouble.append(may.slow(0.2))
    before = time.monotonic()

    assert ask(standin, ME).json()["data"]["me"] == {"name": "tester"}
    assert time.monotonic() - before >= 0.2


def test_hangs_up(standin: StandIn) -> None:
    standin.trouble.append(may.hang_up())

    with pytest.raises(httpx.RemoteProtocolError):
        ask(standin, ME)


@pytest.mark.parametrize("compressed", [False, True])
def test_makes_large_answers_as_they_are_read(standin: StandIn, compressed: bool) -> None:
    standin.trouble.append(may.large(compressed=compressed))

    assert first_bytes(standin, 1_000_000) > 1_000_000
    assert standin.requests[0].sent_bytes < 200_000_000


def test_large_answers_have_their_size(standin: StandIn) -> None:
    standin.trouble.append(may.large(MOST))

    assert first_bytes(standin, 2 * MOST) == MOST


def test_counts_what_comes_in_a_minute(standin: StandIn) -> None:
    standin.settings.per_minute = 2

    codes = [ask(standin, ME).status_code for _ in range(3)]

    assert codes == [200, 200, 429]
    assert standin.most_within(60) == 3


def test_has_errors_in_place_of_single_scenes(standin: StandIn) -> None:
    broken = standin.data.add_scene(title="Broken", prints=[("PHASH", PHASH, 61)])
    standin.data.add_scene(title="Whole", prints=[("PHASH", PHASH, 61)])
    standin.settings.broken_scenes.add(broken)

    answer = ask(standin, LOOKUP, prints=[prints(PHASH)]).json()

    found = answer["data"]["findScenesBySceneFingerprints"]
    assert [scene and scene["title"] for scene in found[0]] == [None, "Whole"]
    assert answer["errors"][0]["path"] == ["findScenesBySceneFingerprints", 0, 0]


def test_merges_performers_and_deletes_scenes(standin: StandIn) -> None:
    data = standin.data
    old, new = data.add_performer("Ann"), data.add_performer("Ann Other", aliases=["Ann"])
    scene = data.add_scene(title="Her", performers=[old], prints=[("PHASH", PHASH, 61)])
    data.merge(data.performers, old, into=new)
    query = "query P($id: ID!) { findPerformer(id: $id) { deleted merged_into_id merged_ids } }"

    theirs = [ask(standin, query, id=each).json()["data"]["findPerformer"] for each in (old, new)]
    appears = ask(standin, LOOKUP, prints=[prints(PHASH)]).json()["data"]
    data.scenes[scene]["deleted"] = True
    data.changed()

    assert theirs[0] == {"deleted": True, "merged_into_id": new, "merged_ids": []}
    assert theirs[1] == {"deleted": False, "merged_into_id": None, "merged_ids": [old]}
    listed = appears["findScenesBySceneFingerprints"][0][0]["performers"]
    assert [each["performer"]["id"] for each in listed] == [new]
    assert titles(ask(standin, LOOKUP, prints=[prints(PHASH)])) == [[]]
    gone = ask(standin, "query S($id: ID!) { findScene(id: $id) { deleted } }", id=scene)
    assert gone.json()["data"]["findScene"] == {"deleted": True}


def test_searches_by_words_ids_and_addresses(standin: StandIn) -> None:
    data = standin.data
    studio = data.add_studio("Harbour")
    who = data.add_performer("Ann Other", gender="FEMALE")
    scene = data.add_scene(
        title="Long night", studio=studio, performers=[who], urls=["https://h.example/1"]
    )
    data.add_scene(title="Long day", studio=studio)
    query = "query S($t: String!) { searchScenes(term: $t, per_page: 1) { count scenes { id } } }"

    def found(term: str) -> tuple[int, list[str]]:
        answer = ask(standin, query, t=term).json()["data"]["searchScenes"]
        return answer["count"], [each["id"] for each in answer["scenes"]]

    assert found("long HARBOUR") == (2, [scene])
    assert found("night ann") == found(scene) == found("https://h.example/1") == (1, [scene])
    assert found("elsewhere") == found(" ") == (0, [])
    people = "{ searchPerformers(term: $t, filter: {gender: FEMALE}) { performers { id } } }"
    answer = ask(standin, f"query P($t: String!) {people}", t="ann").json()["data"]
    assert answer["searchPerformers"]["performers"] == [{"id": who}]


def test_finds_labels_by_id_and_name(standin: StandIn) -> None:
    studio = standin.data.add_studio("Harbour", urls=["https://h.example/"])
    tag = standin.data.add_tag("Beach", aliases=["Shore"])
    query = """query Q($studio: ID, $tag: ID) {
        a: findStudio(id: $studio) { name urls { url } } b: findStudio(name: "harbour") { id }
        c: findTag(id: $tag) { aliases } d: findTagOrAlias(name: "shore") { id }
        e: findTag(name: "nothing") { id } }"""

    found = ask(standin, query, studio=studio, tag=tag).json()["data"]

    assert found == {
        "a": {"name": "Harbour", "urls": [{"url": "https://h.example/"}]},
        "b": {"id": studio},
        "c": {"aliases": ["Shore"]},
        "d": {"id": tag},
        "e": None,
    }


SUBMIT = """mutation S($input: [FingerprintBatchSubmission!]!) {
  submitFingerprints(input: $input) { scene_id error } }"""


def test_keeps_fingerprints_and_says_which_it_refuses(standin: StandIn) -> None:
    scene = standin.data.add_scene(title="Given to")
    good = {"scene_id": scene, "hash": PHASH, "algorithm": "PHASH", "duration": 61}
    short, lost = {**good, "duration": 0}, {**good, "scene_id": "nobody"}

    answer = ask(standin, SUBMIT, input=[good, short, good, lost]).json()["data"]

    errors = [each["error"] for each in answer["submitFingerprints"]]
    assert errors == [None, "duration must be positive", None, "scene not found"]
    assert standin.submissions == [good, good]
    kept = standin.data.scenes[scene]["fingerprints"]
    assert [(each["submissions"], each["user_submitted"]) for each in kept] == [(1, True)]
    assert titles(ask(standin, LOOKUP, prints=[prints(PHASH)])) == [["Given to"]]


def test_refuses_1001_fingerprints(standin: StandIn) -> None:
    one = {"scene_id": "x", "hash": PHASH, "algorithm": "PHASH", "duration": 1}

    answer = ask(standin, SUBMIT, input=[one] * 1_001).json()

    assert answer["errors"][0]["message"] == "too many fingerprints"
    assert standin.submissions == []


def test_keeps_drafts_with_their_images(standin: StandIn) -> None:
    query = "mutation D($input: SceneDraftInput!) { submitSceneDraft(input: $input) { id } }"
    given: dict[str, Any] = {"title": "New", "performers": [], "fingerprints": [], "image": None}
    operation = {"query": query, "variables": {"input": given}}

    answer = httpx.post(
        standin.url,
        data={"operations": json.dumps(operation), "map": '{"0": ["variables.input.image"]}'},
        files={"0": ("cover.png", b"picture", "image/png")},
        headers={"ApiKey": KEY},
        trust_env=False,
    )

    draft = standin.drafts[0]
    assert answer.json()["data"]["submitSceneDraft"] == {"id": draft.id}
    assert (draft.kind, draft.fields["title"], "image" in draft.fields) == ("scene", "New", False)
    assert draft.image is not None
    assert (draft.image.name, draft.image.type, draft.image.content) == (
        "cover.png",
        "image/png",
        b"picture",
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"query": 3}', b"\xff"])
def test_refuses_what_is_no_operation(web: StandIn, body: bytes) -> None:
    answer = httpx.post(web.url, content=body, headers={"ApiKey": KEY}, trust_env=False)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/images/nobody", 404, None),
        ("/website", 200, "text/html; charset=utf-8"),
        ("/elsewhere?to=http://127.0.0.1/x", 302, None),
        ("/odd/disguised.png", 200, "image/png"),
        ("/odd/bomb.png", 200, "image/png"),
    ],
)
def test_serves_what_images_may_not_be(
    web: StandIn, path: str, status: int, kind: str | None
) -> None:
    answer = httpx.get(web.base_url + path, trust_env=False)

    assert (answer.status_code, answer.headers.get("content-type")) == (status, kind)


def test_measures_how_fast_it_was_asked() -> None:
    standin = StandIn(Data(), Settings())
    standin.requests = [Received(at=at) for at in (0.0, 0.4, 0.9, 1.0, 5.0)]

    assert [standin.most_within(each) for each in (0.3, 1.0, 1.1)] == [2, 3, 4]

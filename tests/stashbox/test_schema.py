"""What is read of answers is bounded, whatever they hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.stashbox.schema import (
    AnswerRefused,
    RemoteAppearance,
    RemoteImage,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    RemoteStudio,
    RemoteTag,
    as_json,
    from_answer_performer,
    from_answer_scene,
    from_answer_studio,
    from_answer_tag,
    plain_json,
    read_performer,
    read_scene,
    read_studio,
    read_tag,
)

ID = "5a5b0000-0000-4000-8000-000000000001"
ANSWERS = [from_answer_scene, from_answer_performer, from_answer_studio, from_answer_tag]
KEPT = [read_scene, read_performer, read_studio, read_tag]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "name", "title", "url", "urls", "performer", "performers", "studio", "parent",
             "tags", "images", "fingerprints", "hash", "algorithm", "duration", "release_date",
             "aliases", "merged_into_id", "tattoos", "location", "width", "deleted"]
        ),
        inner, max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


def scene(**values: Any) -> RemoteScene:
    return from_answer_scene({"id": ID, **values})


def test_what_was_kept_is_read_again_as_it_was() -> None:
    studio = RemoteStudio(
        ID, "Site", ("S",), ("https://s.example/",),
        parent=RemoteStudio(ID, "Group", parent=RemoteStudio(ID, "Network")),
        images=(RemoteImage("https://s.example/1.jpg", 10, 20),),
    )  # fmt: skip
    person = RemotePerformer(
        ID, "Ann", "the elder", ("Annie",), "FEMALE", ("https://a.example/",), "1990-05", "2020",
        "OTHER", "DE", "BLUE", "RED", 170, "B", 75, 60, 90, 2010, 2020, ("arm, a rose",), ("ear",),
        (RemoteImage("http://a.example/1.jpg"),), deleted=True, merged_into="x", scene_count=3,
    )  # fmt: skip
    whole = RemoteScene(
        ID, "Title", "De\n\ntails", "2020-02-29", ("https://s.example/1",), "C", "D", 61, studio,
        (RemoteAppearance(person, "Annie"),), (RemoteTag(ID, "Tag", "about", ("T",)),),
        (RemoteImage("https://s.example/2.jpg"),),
        (RemotePrint("PHASH", "0f" * 8, 61, 2, 1), RemotePrint("MD5", "0f" * 16)), deleted=True,
    )  # fmt: skip

    assert read_scene(json.loads(json.dumps(as_json(whole)))) == whole
    assert read_studio(as_json(studio)) == studio
    assert read_performer(as_json(person)) == person


def test_what_is_from_elsewhere_has_addresses_for_ids_and_labels_without() -> None:
    found = RemoteScene(
        id="https://s.example/watch?v=1", title="T",
        performers=(RemoteAppearance(RemotePerformer("", "Ann")),), tags=(RemoteTag("", "Tag"),),
    )  # fmt: skip

    assert read_scene(as_json(found)) == found


@given(anything)
def test_nothing_else_is_raised_and_what_is_read_is_read_again(value: Any) -> None:
    for read, again in zip(ANSWERS, KEPT, strict=True):
        for given_ in (value, {"id": ID, "name": "n", **value} if isinstance(value, dict) else {}):
            try:
                found = read(given_)
            except AnswerRefused:
                continue
            kept = json.dumps(as_json(found))
            assert again(json.loads(kept)) == found
            assert "\\u0000" not in kept


@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", 5, {}, {"id": 5}, {"id": ""}, {"id": "a b"}, {"id": "../x"},
        {"id": "x" * 101}, {"id": ID + "\n"},
    ],
)  # fmt: skip
def test_what_is_no_entity_is_refused(value: Any) -> None:
    for read in ANSWERS:
        with pytest.raises(AnswerRefused):
            read({"name": "n", **value} if isinstance(value, dict) else value)


@pytest.mark.parametrize(
    "values",
    [
        {"performers": "x"}, {"performers": [{"performer": None}]}, {"studio": []},
        {"studio": {"id": ID}}, {"tags": [{"id": ID, "name": "\x00 "}]}, {"urls": ["x"]},
        {"fingerprints": {}}, {"images": [5]},
    ],
)  # fmt: skip
def test_parts_of_the_wrong_shape_refuse_the_whole(values: dict[str, Any]) -> None:
    with pytest.raises(AnswerRefused):
        scene(**values)


def test_texts_are_cleaned_and_cut() -> None:
    found = scene(
        title=" a\x00b\n\tc \ud800" + "x" * 10_000_000,
        details="one\r\ntwo\x07\x00\n" + "y" * 100_000,
        director=["x"],
    )

    assert found.title.startswith("ab c x")
    assert (len(found.title), len(found.details), found.director) == (500, 20_000, "")
    assert found.details.startswith("one\ntwo\ny")


def test_lists_are_cut_and_hold_nothing_twice() -> None:
    tag = {"id": ID, "name": "T"}
    prints = [{"algorithm": "OSHASH", "hash": f"{n + 1:x}", "duration": 1} for n in range(9_000)]

    found = scene(tags=[tag] * 9, fingerprints=prints, urls=[{"url": "http://a.b/"}] * 2)

    assert (len(found.tags), len(found.fingerprints), len(found.urls)) == (1, 2_000, 1)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "//a.example/", "a.example",
        "http://", "http:///x", "https://a.example/\x00", "https://a.example/\n", "http://[",
        "https://a.example:99999999/", "https://user:secret@a.example/", 'https://a.example/"x',
        "https://a.example/<x>", "https://a.example/ x", "", None, 5,
        "https://a.example/" + "x" * 1_000,
    ],
)  # fmt: skip
def test_addresses_that_no_link_may_have_are_left_out(url: Any) -> None:
    found = scene(urls=[{"url": url}, {"url": "HTTPS://a.example/x"}], images=[{"url": url}])

    assert [each for each in found.urls if each != "HTTPS://a.example/x"] in (
        [], ["https://a.example/"] if url == "https://a.example/\n" else [],
    )  # fmt: skip
    assert len(found.images) == len(found.urls) - 1


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("2024", "2024"), ("2024-02", "2024-02"), ("2024-02-29", "2024-02-29"),
        ("2023-02-29", ""), ("2024-13", ""), ("0000", ""), ("2024-2-1", ""), ("2024-02-29T00", ""),
        ("٢٠٢٤", ""), (2024, ""), (None, ""), ("2024\n", ""),
    ],
)  # fmt: skip
def test_dates_are_days_that_were(date: Any, read: str) -> None:
    assert scene(release_date=date).date == read


@pytest.mark.parametrize("number", [-1, 1e3, True, "5", None, 10**400, [5]])
def test_what_is_no_number_is_none(number: Any) -> None:
    assert scene(duration=number).duration_s is None


@pytest.mark.parametrize(
    ("algorithm", "value", "read"),
    [
        ("PHASH", "ABC", "0000000000000abc"), ("OSHASH", "f" * 16, "f" * 16),
        ("MD5", "a" * 32, "a" * 32), ("PHASH", "0" * 16, None), ("PHASH", "", None),
        ("PHASH", "f" * 17, None), ("PHASH", "xyz", None), ("PHASH", "0x12", None),
        ("PHASH", 12, None), ("SHA1", "ab", None), (["PHASH"], "ab", None), (None, "ab", None),
    ],
)  # fmt: skip
def test_fingerprints_are_written_as_here(algorithm: Any, value: Any, read: str | None) -> None:
    found = scene(fingerprints=[{"algorithm": algorithm, "hash": value, "duration": 60}])

    assert [each.hash for each in found.fingerprints] == ([] if read is None else [read])


def test_parents_have_an_end() -> None:
    studio: dict[str, Any] = {"id": ID, "name": "S"}
    studio["parent"] = studio  # none could say so in JSON, but many in a row

    found = from_answer_studio(studio)
    names = 0
    while found:
        names, found = names + 1, found.parent  # type: ignore[assignment]

    assert names == 6


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 1_000_000, b'{"a":' * 100_000, b"NaN", b"-Infinity", b"\xff\xfe",
                b"9" * 5_000, b'"\xff"'],
    ids=range(9),
)  # fmt: skip
def test_json_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(AnswerRefused):
        plain_json(content)

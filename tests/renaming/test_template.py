"""Templates for file names: what they come to, and that it is always legal."""

import os
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.renaming.names import file_name, key_of, legal_name
from apps.renaming.reading import parse
from apps.renaming.template import BUILT_IN, NoName, TemplateError

FILM: dict[str, Any] = {
    "title": "Blue Sea",
    "studio": "Acme",
    "performers": ["Ann", "Bob", "Cy"],
    "tags": [],
    "date": date(2024, 5, 17),
    "rating": None,
    "resolution": "1080p",
    "original": "blue.sea",
    "folder": "clips/new",
    "ext": "mp4",
    "id": 42,
}


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{title}", "clips/new/Blue Sea.mp4"),
        ("{title}.{ext}", "clips/new/Blue Sea.mp4"),
        ("/{title}", "Blue Sea.mp4"),
        ("{folder}/{title}", "clips/new/Blue Sea.mp4"),
        ("{studio}/{date:%Y}/{title}", "Acme/2024/Blue Sea.mp4"),
        ("{title}< ({rating})>< [{resolution}]>", "clips/new/Blue Sea [1080p].mp4"),
        ("<{rating}/>{title}", "Blue Sea.mp4"),
        ("{title} <<{id|pad 6}>> {{x}}", "clips/new/Blue Sea <000042> {x}.mp4"),
        ("{performers}", "clips/new/Ann, Bob, Cy.mp4"),
        ("{performers|first 2|join  & }", "clips/new/Ann & Bob.mp4"),
        ("{tags|default none} {title|upper}", "clips/new/none BLUE SEA.mp4"),
        ("{title|limit 5}", "clips/new/Blue.mp4"),
        ("{date}", "clips/new/2024-05-17.mp4"),
        ("{original}", "clips/new/blue.sea.mp4"),
        ("{colour}", "clips/new/red.mp4"),
    ],
)
def test_values_are_filled_in(template: str, path: str) -> None:
    assert parse(template, known=["colour"]).path({**FILM, "colour": "red"}) == path


def test_slashes_in_values_make_no_folders() -> None:
    values = {**FILM, "title": "../../etc/passwd", "studio": "AC/DC"}

    assert parse("{studio}/{title}").path(values) == "AC-DC/..-..-etc-passwd.mp4"


@pytest.mark.parametrize(
    ("template", "position", "said"),
    [
        ("{titel}", 1, "title"),
        ("{title|limt 3}", 7, "limit"),
        ("{title|limit}", 7, "number"),
        ("{title|limit 0}", 7, "number"),
        ("{title|default}", 7, "text"),
        ("{title|lower x}", 13, "nothing more"),
        ("{date:%Q}", 6, "%Q"),
        ("{date:%}", 6, "no %;"),
        ("{date:%Y/%m}", 8, "slash"),
        ("{title:%Y}", 6, "date"),
        ("{title", 0, "no }"),
        ("{title}}", 7, "no {"),
        ("<{title}", 0, "no >"),
        ("{title}>", 7, "no <"),
        ("<a>{title}", 0, "value"),
        ("<{title}<{id}>>", 8, "within"),
        ("a//{title}", 2, "name"),
        ("{studio}/", 8, "name of the file"),
        ("../{title}", 0, "stay"),
        ("{studio}/../{title}", 9, "stay"),
        ("{title}\n", 7, "character"),
        ("name", 0, "value"),
        ("", 0, "value"),
        ("{}", 1, "name"),
        ("{title}" * 200, 1000, "at most"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    template: str, position: int, said: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(template)

    assert caught.value.position == position
    assert said in str(caught.value)


@pytest.mark.parametrize("template", ["{rating}", "{studio}/{title}", "{tags}/{title}"])
def test_names_that_would_be_empty_are_refused(template: str) -> None:
    with pytest.raises(NoName):
        parse(template).path({**FILM, "studio": "..", "title": "x"})


def test_windows_takes_what_it_is_made_for() -> None:
    values = {**FILM, "studio": "con", "title": 'What? "A: B"'}

    assert parse("{studio}/{title}", windows=True).path(values) == "con_/What 'A- B'.mp4"


def test_a_folder_that_is_there_stays_as_it_is() -> None:
    values = {**FILM, "folder": " odd./b ad"}

    assert parse("{title}", windows=True).path(values) == " odd./b ad/Blue Sea.mp4"


def test_paths_that_some_file_system_takes_for_the_same_have_one_key() -> None:
    assert key_of("STRASSE/É.mp4".encode()) == key_of("straße/e\u0301.MP4".encode())


nasty = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from('/\\. :*?"<>|\0\n\x7f\u0301é😀.')
    ),
    max_size=300,
)
templates = st.lists(
    st.sampled_from(
        ["{title}", "{studio}", "/", " ", ".", "..", "<{tags}>", "{date:%Y}", "{original}",
         "{folder}", "a", "{title|limit 9}", "{performers|first 2}", "CON", "{ext}"]
    ),
    min_size=1, max_size=8,
).map("".join)  # fmt: skip
films = st.fixed_dictionaries(
    {
        "title": nasty,
        "studio": st.one_of(st.none(), nasty),
        "performers": st.lists(nasty, max_size=3),
        "tags": st.lists(nasty, max_size=3),
        "date": st.one_of(st.none(), st.dates()),
        "original": nasty,
        "folder": st.sampled_from(["", "a", "a/b ", "..odd"]),
        "ext": st.sampled_from(["mp4", "MKV", ""]),
    }
)


@given(templates, films, st.booleans())
@example("{title}", {"title": "CON", "ext": "mp4", "folder": ""}, True)
@example("{title}", {"title": "é" * 200, "ext": "mp4", "folder": ""}, False)
def test_whatever_comes_out_is_a_legal_path_below_the_root(
    text: str, values: dict[str, Any], windows: bool
) -> None:
    try:
        path = parse(text, windows=windows).path(values)
    except (TemplateError, NoName):
        return

    folders = str(values["folder"]).split("/")
    for at, name in enumerate(path.split("/")):
        assert name not in {"", ".", ".."}
        assert len(os.fsencode(name)) <= 255
        name.encode()  # cut between characters
        if at < len(folders) and name == folders[at]:
            continue  # is there already
        assert name == name.strip().rstrip(".")
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name)
        if windows:
            assert not set(name) & set('\\:*?"<>|')
            assert name.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert not path.startswith("/")
    if values["ext"]:
        assert path.endswith(f".{values['ext']}")


@given(nasty, st.booleans())
def test_a_legal_name_stays_as_it_is(text: str, windows: bool) -> None:
    once = legal_name(text, windows=windows)

    assert legal_name(once, windows=windows) == once


@given(films, st.booleans())
def test_a_file_that_was_renamed_once_keeps_its_name(values: dict[str, Any], windows: bool) -> None:
    template = parse("{title}", windows=windows)
    try:
        folder, _, name = template.path(values).rpartition("/")
    except NoName:
        return
    stem = name.removesuffix(f".{values['ext']}") if values["ext"] else name

    again = {**values, "title": stem, "original": stem}
    assert template.path(again) == f"{folder}/{name}".lstrip("/")
    assert parse("{original}", windows=windows).path(again) == f"{folder}/{name}".lstrip("/")


@given(st.binary(max_size=260).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_bytes_beyond_utf8_are_kept(raw: bytes) -> None:
    text = os.fsdecode(raw)

    made = file_name(text, "mp4")

    assert made == "" or len(os.fsencode(made)) <= 255
    assert legal_name(made) == made


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_an_error_with_a_place(text: str) -> None:
    place = 0
    try:
        parse(text)
    except TemplateError as error:
        place = error.position

    assert 0 <= place <= len(text)


def test_every_value_is_documented_and_can_be_asked_for() -> None:
    for name in BUILT_IN:
        assert parse(f"{{{name}}}").names == {name}

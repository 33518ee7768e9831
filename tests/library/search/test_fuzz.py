"""Whatever is asked by the API is answered, or refused with a reason; never by a 500."""

from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.choices import Role
from apps.library.search import all_fields
from apps.query import parse, show
from apps.query.tree import OPERATORS
from tests.client import Api
from tests.factories import make_user
from tests.library.search.facts import World, make_world
from tests.library.search.queries import queries
from tests.query.trees import texts, trees

pytestmark = pytest.mark.django_db
_often = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_VALUES = [
    "", "0", "-1", "1e9", "99999999999999999999", "1" * 200, "0.0000001", "1.2.3", "1h1h1h", "10mm",
    "9999-99-99", "0000", "9999", "9999-12-31", "99999y", "99999d", "today", "7d..", "..7d",
    "5..1", "1..2..3", "none", "any", "none..any", "*", "**", "yes", "maybe", "4k", "1x1", "0x0",
    "99999x99999", "ffffffffffffffffffff", "-ff", "0x10", "%", "_", "\\", "'", '"', "/", "//", "/*",
    "/..", "é", "\ue000", "\ud7ff", "|", "::", "\x01", "NaN", "Infinity", "1_000", "٣", "²",
]  # fmt: skip


def _ask(api: Api, path: str, **parameters: Any) -> None:
    answer = api.get(path, **parameters)
    assert answer.status_code in (200, 400), (parameters, answer.content)
    if answer.status_code == 400:
        told = answer.json()
        assert told["errors"].keys() <= {"q", "at", "fields"}
        assert all(told["errors"].values())


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world(1, count=8)


@pytest.fixture
def names(world: World) -> list[str]:
    return [one.name for one in all_fields()]


@pytest.fixture
def api(world: World) -> Api:
    return Api(make_user(Role.VIEWER))


def test_any_text(api: Api) -> None:
    @_often
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | trees.map(show))
    def answers(text: str) -> None:
        _ask(api, "videos/", q=text)

    answers()


def test_any_value_of_any_field(api: Api, names: list[str]) -> None:
    some = st.sampled_from(_VALUES) | texts

    @settings(_often, max_examples=150)
    @given(st.sampled_from(names), st.sampled_from(OPERATORS), some, some, st.booleans())
    def answers(name: str, operator: str, value: str, other: str, quoted: bool) -> None:
        inner = value.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{inner}"' if quoted else value
        _ask(api, "videos/", q=f"-{name}{operator}{shown},{other} OR {name}{operator}{shown}")

    answers()


def test_facets_and_completion(api: Api, world: World, names: list[str]) -> None:
    some = trees.map(show) | texts | queries(world).map(show)

    @_often
    @given(some, st.integers(-3, 60), st.lists(st.sampled_from(names) | texts, max_size=3))
    def answers(text: str, at: int, fields: list[str]) -> None:
        _ask(api, "videos/complete/", q=text, at=at)
        _ask(api, "videos/complete/", q=text)
        _ask(api, "videos/facets/", q=text, fields=",".join(fields))

    answers()


def test_pages_go_on_where_they_ended(api: Api, world: World) -> None:
    @settings(_often, max_examples=30)
    @given(queries(world))
    def agree(node: Any) -> None:
        everything = [row["id"] for row in api.results("videos/", q=show(node), page_size=500)]
        page, seen = api.get("videos/", q=show(node), page_size=3).json(), []
        while True:
            seen += [row["id"] for row in page["results"]]
            if not page["next"]:
                break
            page = api.get(page["next"]).json()
        assert seen == everything

    agree()


def test_a_parameter_that_is_unknown_is_refused(api: Api) -> None:
    for path in ("videos/", "videos/facets/", "videos/complete/", "videos/fields/"):
        answer = api.get(path, query="x")

        assert answer.status_code == 400, path
        assert "query" in answer.json()["errors"]


def test_an_error_names_its_place_and_what_is_near(api: Api) -> None:
    told = api.get("videos/", q="ratin>=80").json()

    assert told["status"] == 400
    assert "rating>=80" in told["detail"] + str(told["errors"])


def test_every_example_is_a_query(world: World, names: list[str]) -> None:
    for one in all_fields():
        for example in one.examples:
            assert show(parse(example)) == example

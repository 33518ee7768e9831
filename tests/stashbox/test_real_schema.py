"""What we say of the protocol is what a real server says, wherever its schema is at hand."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    parse,
    print_ast,
    validate,
)  # fmt: skip

from apps.stashbox import operations
from tests.stashbox.standin.asked import asked_fields
from tests.stashbox.standin.schema import SDL, role_of

REAL = Path(__file__).parents[3] / "shared" / "data" / "stashbox-schema"
at_hand = pytest.mark.skipif(not REAL.is_dir(), reason="the real schema isn't at hand")
BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}


@cache
def ours() -> GraphQLSchema:
    return build_schema(SDL.read_text(encoding="utf-8"))


@cache
def real() -> GraphQLSchema:
    files = sorted(REAL.rglob("*.graphql"))
    return build_schema(
        "\n".join(file.read_text(encoding="utf-8") for file in files), assume_valid=True
    )


def named(schema: GraphQLSchema) -> dict[str, Any]:
    return {
        name: kind
        for name, kind in schema.type_map.items()
        if not name.startswith("__") and name not in BUILT_IN
    }


def gone(one: Any) -> bool:
    return one.deprecation_reason is not None


def default(one: Any) -> str | None:
    """As it stands there, except that a real one writes ``False``, which GraphQL doesn't know."""
    value = one.ast_node.default_value
    return None if value is None else print_ast(value).lower()


def shape(one: Any) -> tuple[Any, ...]:
    """All of an argument or of an input's field that a client may notice."""
    return str(one.type), default(one), gone(one)


def required(one: Any) -> bool:
    return str(one.type).endswith("!") and default(one) is None


def differences(mine: Any, theirs: Any) -> Iterator[str]:
    """In what two types of one name differ, as far as ours goes."""
    if type(mine) is not type(theirs):
        yield f"{mine} is another kind of type"
    elif isinstance(mine, GraphQLEnumType):
        if mine.values.keys() != theirs.values.keys():
            yield f"{mine} has other values"
    elif isinstance(mine, GraphQLObjectType):
        for name, field in mine.fields.items():
            yield from of_field(f"{mine}.{name}", field, theirs.fields.get(name))
    elif isinstance(mine, GraphQLInputObjectType):
        yield from of_inputs(str(mine), mine.fields, theirs.fields)


def of_field(name: str, mine: Any, theirs: Any) -> Iterator[str]:
    if theirs is None:
        yield f"{name} does not exist"
        return
    if str(mine.type) != str(theirs.type):
        yield f"{name} is {theirs.type}"
    if gone(mine) != gone(theirs):
        yield f"{name}: deprecated or not"
    if role_of(mine) != role_of(theirs):
        yield f"{name} asks for {role_of(theirs)}"
    yield from of_inputs(name, mine.args, theirs.args)


def of_inputs(name: str, mine: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for each, argument in mine.items():
        if each not in theirs:
            yield f"{name}({each}) does not exist"
        elif shape(argument) != shape(theirs[each]):
            yield f"{name}({each}) is {shape(theirs[each])}"
    for each in theirs.keys() - mine.keys():
        if required(theirs[each]):
            yield f"{name}({each}) must be given"


@at_hand
def test_each_type_of_ours_is_a_real_one() -> None:
    theirs = named(real())
    found = [
        difference
        for name, kind in named(ours()).items()
        for difference in (
            differences(kind, theirs[name]) if name in theirs else [f"{name} does not exist"]
        )
    ]

    assert found == []


def test_what_is_compared_is_noticed() -> None:
    mine = build_schema(
        'type Query { a(b: Int = 1): String! c: Int d: Int @deprecated(reason: "x") } enum E { X }'
    )
    theirs = build_schema("type Query { a(b: Int = 2, e: ID!): String  d: Int } enum E { X Y }")

    found = [
        text for name in named(mine) for text in differences(named(mine)[name], named(theirs)[name])
    ]

    assert found == [
        "Query.a is String",
        "Query.a(b) is ('Int', '2', False)",
        "Query.a(e) must be given",
        "Query.c does not exist",
        "Query.d: deprecated or not",
        "E has other values",
    ]


def test_ours_has_deprecated_fields_to_notice() -> None:
    fields = {
        f"{kind.name}.{name}"
        for kind in ours().type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType)
        for name, field in kind.fields.items()
        if gone(field) and not kind.name.startswith("__")
    }

    assert fields == {
        "Query.searchScene", "Query.searchPerformer", "Scene.date", "Performer.birthdate",
        "Performer.measurements", "Studio.child_studios", "URL.type", "SceneDraftInput.url",
    }  # fmt: skip


def refused(schema: GraphQLSchema) -> dict[str, list[str]]:
    """What of each operation the schema doesn't know or has deprecated."""
    found = {}
    for name, text in operations.ALL.items():
        document = parse(text)
        wrong = [error.message for error in validate(schema, document)]
        wrong += sorted(asked_fields(schema, document, {})[1])
        if wrong:
            found[name] = wrong
    return found


def test_our_operations_fit_our_schema() -> None:
    assert refused(ours()) == {}


@at_hand
def test_our_operations_fit_the_real_schema() -> None:
    assert refused(real()) == {}

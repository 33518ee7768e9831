"""The SDL beside this module, with all that answers it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ariadne import ScalarType, make_executable_schema
from graphql import GraphQLError, GraphQLSchema, default_field_resolver

from tests.stashbox.standin.entities import appearance, image, performer, scene, studio
from tests.stashbox.standin.giving import mutation
from tests.stashbox.standin.queries import query

SDL = Path(__file__).with_name("schema.graphql")
_HEX = frozenset("0123456789abcdefABCDEF")

fingerprint_hash = ScalarType("FingerprintHash")


@fingerprint_hash.value_parser
def _hash(value: Any) -> str:
    if not isinstance(value, str) or not value or not set(value) <= _HEX or len(value) > 32:
        message = "invalid fingerprint hash"
        raise GraphQLError(message)
    return value


def _with_roles(resolve: Callable[..., Any], role: str) -> Callable[..., Any]:
    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        if role not in info.context.roles:
            message = "not authorized"
            raise GraphQLError(message)
        return resolve(source, info, **arguments)

    return guarded


def role_of(field_: Any) -> str | None:
    """The role that a field's ``@hasRole`` asks for."""
    for directive in field_.ast_node.directives or ():
        if directive.name.value == "hasRole":
            return str(directive.arguments[0].value.value)
    return None


@cache
def build_schema() -> GraphQLSchema:
    """The SDL with all that answers it; it has no state. Who lacks a field's role is refused."""
    schema = make_executable_schema(
        SDL.read_text(encoding="utf-8"),
        query, mutation, scene, performer, studio, appearance, image, fingerprint_hash,
    )  # fmt: skip
    for kind in (schema.query_type, schema.mutation_type):
        for each in kind.fields.values() if kind else ():
            role = role_of(each)
            if role is not None:
                each.resolve = _with_roles(each.resolve or default_field_resolver, role)
    return schema

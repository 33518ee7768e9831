"""What a request asks for: what is deprecated, and what this server may not know."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    type_from_ast,
    visit,
)  # fmt: skip


class _Asked(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: set[str] = set()
        self.deprecated: set[str] = set()

    def enter_field(self, node: Any, *_: Any) -> None:
        owner, field = self._info.get_parent_type(), self._info.get_field_def()
        if owner is None or field is None:
            return
        name = f"{owner.name}.{node.name.value}"
        self.fields.add(name)
        if field.deprecation_reason is not None:
            self.deprecated.add(name)

    def enter_argument(self, node: Any, *_: Any) -> None:
        argument = self._info.get_argument()
        if argument is not None and argument.deprecation_reason is not None:
            self.deprecated.add(f"argument {node.name.value}")

    def enter_object_field(self, node: Any, *_: Any) -> None:
        owner = self._info.get_parent_input_type()
        while isinstance(owner, GraphQLNonNull | GraphQLList):
            owner = owner.of_type
        if isinstance(owner, GraphQLInputObjectType):
            self.deprecated |= _of_field(owner, node.name.value)


def asked_fields(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> tuple[set[str], set[str]]:
    """All fields that a document asks, as ``Type.field``; and what of it and its variables
    is deprecated."""
    info = TypeInfo(schema)
    asked = _Asked(info)
    visit(document, TypeInfoVisitor(info, asked))
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        for variable in definition.variable_definitions or ():
            value = variables.get(variable.variable.name.value)
            asked.deprecated |= _of_value(type_from_ast(schema, variable.type), value)
    return asked.fields, asked.deprecated


def _of_value(kind: Any, value: Any) -> set[str]:
    if isinstance(kind, GraphQLNonNull):
        return _of_value(kind.of_type, value)
    if isinstance(kind, GraphQLList):
        inner = value if isinstance(value, list) else [value]
        return {name for each in inner for name in _of_value(kind.of_type, each)}
    if not isinstance(kind, GraphQLInputObjectType) or not isinstance(value, Mapping):
        return set()
    found: set[str] = set()
    for name, each in value.items():
        found |= _of_field(kind, name)
        if name in kind.fields:
            found |= _of_value(kind.fields[name].type, each)
    return found


def _of_field(owner: GraphQLInputObjectType, name: str) -> set[str]:
    field = owner.fields.get(name)
    gone = field is not None and field.deprecation_reason is not None
    return {f"{owner.name}.{name}"} if gone else set()

"""The query language over the catalogue: from a query to the videos that it asks for."""

from apps.library.search.asker import Asker
from apps.library.search.field import (
    Field,
    Scope,
    all_fields,
    find_fields,
    register,
    register_source,
)
from apps.library.search.fields import register_thing
from apps.library.search.orders import ORDERS, OrderUnknown, order_of
from apps.library.search.question import Question, compile_node
from apps.query import QueryError

__all__ = [
    "ORDERS",
    "Asker",
    "Field",
    "OrderUnknown",
    "QueryError",
    "Question",
    "Scope",
    "all_fields",
    "compile_node",
    "find_fields",
    "order_of",
    "register",
    "register_source",
    "register_thing",
]

"""What ``docs/search.md`` says of the language is so.

``UPDATE_GOLDEN=1`` writes the table of fields anew.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

from apps.library.search import Field, all_fields
from apps.library.search.ranking_score import WEIGHTS
from apps.query import parse
from apps.query.grammar import LONGEST, MOST_LEAVES, MOST_VALUES
from apps.query.tree import DEEPEST

pytestmark = pytest.mark.django_db
DOCUMENT = Path("docs/search.md")
_BEGIN, _END = "<!-- fields -->\n", "<!-- end of fields -->\n"


def _table() -> str:
    """All fields but the invented ones."""
    cache.clear()
    rows = "".join(_row(field) for field in sorted(all_fields(), key=lambda one: one.name))
    return f"| field | finds | operators | examples |\n|---|---|---|---|\n{rows}"


def _row(field: Field) -> str:
    operators = " ".join(f"`{one}`" for one in field.operators)
    examples = ", ".join(f"`{one}`" for one in field.examples)
    values = [value for value, _label in field.choices()] if field.kind != "choice" else []
    named = f" One of {', '.join(f'`{one}`' for one in values)}." if values else ""
    return f"| `{field.name}` | {field.label}. {field.help}{named} | {operators} | {examples} |\n"


def test_table_of_fields_is_complete() -> None:
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(_BEGIN)
    table, _, after = rest.partition(_END)
    if os.environ.get("UPDATE_GOLDEN"):
        DOCUMENT.write_text(f"{before}{_BEGIN}{_table()}{_END}{after}")
        return
    assert table == _table()


def test_examples_can_be_read() -> None:
    first = DOCUMENT.read_text().split("```")[1]
    queries = [re.split(r"\s{3,}", line)[0] for line in first.strip().splitlines()]

    assert len(queries) > 5
    for query in queries:
        assert parse(query)


def _numbers(text: str) -> Iterator[tuple[str, float]]:
    for name, points in re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", text, flags=re.MULTILINE):
        yield name, float(points)


def test_points_and_limits_are_those_in_the_code() -> None:
    text = " ".join(DOCUMENT.read_text().split())

    assert dict(_numbers(DOCUMENT.read_text())) == WEIGHTS
    assert f"{LONGEST:,} characters, {MOST_LEAVES} words and conditions, {MOST_VALUES} " in text
    assert f"brackets {DEEPEST} deep" in text

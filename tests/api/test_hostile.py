"""Whatever is sent, the answer is never a 500: values of every wrong kind in every place."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from apps.core.api.pagination import parse_ordering
from apps.library.models import Video
from mediahub.api import router
from tests.client import Api
from tests.factories import (
    make_artifact,
    make_custom_field,
    make_library,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)

TEXTS = ["\0", "'\"; --", "-1", "1e999", "9" * 50, "٣", "a" * 5_000, "%00%ff\\", "null", "[1]"]
VALUES: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, "", "\0", "a" * 6_000, "🎬\u202e", [], [None], [[]], {},
    {"id": "x"}, {"": {"a": []}}, ["a"] * 600, "2026-99-99",
]  # fmt: skip
LISTS = [prefix for prefix, _view, _name in router.registry]


def _answers(response: Any) -> bool:
    answered: bool = response.status_code < 500
    return answered


@pytest.mark.parametrize("prefix", LISTS)
def test_parameters(api: Api, prefix: str) -> None:
    view = next(view for name, view, _basename in router.registry if name == prefix)
    filters = getattr(getattr(view, "filterset_class", None), "base_filters", {})
    names = ["cursor", "page", "page_size", "ordering", *filters]

    failed = [
        (name, text)
        for name in names
        for text in TEXTS
        if not _answers(api.get(f"{prefix}/", **{name: text}))
    ]

    assert failed == []


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("prefix", LISTS)
def test_fields(api: Api, prefix: str, method: str) -> None:
    video = make_video(tags=[make_tag()], performers=[make_performer()], studio=make_studio())
    make_marker(video)
    make_custom_field("mine")
    make_artifact(video)
    row = api.results(f"{prefix}/")[0] if prefix in _MADE else {}
    address = f"{prefix}/{row['id']}/" if method == "PATCH" and row else f"{prefix}/"
    failed = []
    for name in row:
        for value in VALUES:
            save = transaction.savepoint()
            body = {**_LEAST.get(prefix, {}), name: value} if method == "POST" else {name: value}
            if not _answers(api.send(method, address, body, {})):
                failed.append((name, value))
            transaction.savepoint_rollback(save)

    assert failed == []


_MADE = ("libraries", "videos", "tags", "performers", "studios", "markers", "custom-fields")
_LEAST: dict[str, dict[str, Any]] = {
    "libraries": {"name": "x", "root": "/"},
    "tags": {"name": "x"},
    "performers": {"name": "x"},
    "studios": {"name": "x"},
    "markers": {"video": 1, "start": 1},
    "custom-fields": {"key": "x", "label": "x"},
}


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("libraries/<library>/scan/", "paths"), ("libraries/<library>/scan/", "rescan"),
        ("videos/<video>/rescan/", "size"), ("videos/<video>/played/", "from"),
        ("videos/<video>/played/", "to"), ("tags/<tag>/merge/", "into"),
        ("artifacts/generate/", "kinds"), ("artifacts/generate/", "library"),
        ("tokens/", "scope"), ("tokens/", "expires_at"), ("tokens/", "name"),
    ],
)  # fmt: skip
def test_actions(api: Api, address: str, field: str) -> None:
    places = {"library": make_library(), "video": make_video(), "tag": make_tag()}
    for name, row in places.items():
        address = address.replace(f"<{name}>", str(row.pk))
    failed = []
    for value in VALUES:
        save = transaction.savepoint()
        if not _answers(api.post(address, {field: value})):
            failed.append(value)
        transaction.savepoint_rollback(save)

    assert failed == []


@given(st.text() | st.from_regex(r"[-,a-z_' ();]{0,40}"))
@example("title;SELECT pg_sleep(9)")
@example("title desc")
@example("video__files__library__root")
@example("pk")
def test_order_is_known_or_refused(text: str) -> None:
    columns = {"title": "title", "rating": "rating"}
    try:
        order = parse_ordering(text, columns, Video)
    except ValidationError:
        return
    assert {key.name for key in order.keys} <= {"title", "rating", "id"}

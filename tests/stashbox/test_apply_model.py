"""Applying and undoing, whatever the policies, locks, marks and values are."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import undo
from apps.core.models import AuditEntry
from apps.library.models import Performer, Studio, Tag, Video
from apps.stashbox.choices import FieldPolicy, MatchState
from apps.stashbox.models import IdentifySettings, StashMatch
from apps.stashbox.services.apply import FIELDS, apply_matches, plan
from tests.factories import make_performer, make_studio, make_tag, make_video
from tests.stashbox.factories import (
    make_box,
    make_match,
    remote_performer,
    remote_studio,
    remote_tag,
    scene,
)

pytestmark = pytest.mark.django_db

_MARKS: list[dict[str, Any] | None] = [
    None,
    {"source": "person", "by": 1, "at": "2026-01-01T00:00:00+00:00"},
    {"source": "job", "by": 1, "at": "2026-01-01T00:00:00+00:00"},
    {"source": "job", "by": None, "at": "2026-01-01T00:00:00+00:00"},
    {"source": "stashbox", "box": 1, "by": None, "at": "2026-01-01T00:00:00+00:00"},
]
_URLS = [f"https://example.com/{n}" for n in range(3)]
_NAMES = ["one", "two", "three"]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3)


said = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["", "here", "there"]),
        "details": st.sampled_from(["", "here", "there"]),
        "date": st.sampled_from(["", "2020", "2020-05-17"]),
        "urls": some(_URLS),
        "studio": st.sampled_from(["", "one", "two"]),
        "tags": some(_NAMES),
        "performers": some(_NAMES),
    }
)
each = st.fixed_dictionaries
field_marks = each({name: st.sampled_from(_MARKS) for name in FIELDS})
field_policies = each({name: st.sampled_from(list(FieldPolicy)) for name in FIELDS})
locks = st.lists(st.sampled_from(FIELDS), unique=True)
chosen = st.none() | st.lists(st.sampled_from(FIELDS), unique=True, min_size=1)


def make(here: dict[str, Any], marks: dict[str, Any], locked: list[str]) -> Video:
    return make_video(
        here["title"] or "clip", details=here["details"], urls=here["urls"],
        date=date(2020, 5, 17) if here["date"] else None,
        studio=make_studio(here["studio"]) if here["studio"] else None,
        tags=[make_tag(name) for name in here["tags"]],
        performers=[make_performer(name) for name in here["performers"]],
        locked_fields=locked, provenance={name: mark for name, mark in marks.items() if mark},
    )  # fmt: skip


def candidate(video: Video, there: dict[str, Any]) -> StashMatch:
    wanted = scene(
        details=there["details"], date=there["date"], urls=tuple(there["urls"]),
        studio=remote_studio(there["studio"]) if there["studio"] else None,
        tags=tuple(remote_tag(name) for name in there["tags"]),
        performers=[remote_performer(name) for name in there["performers"]],
    )  # fmt: skip
    match = make_match(video, box=make_box(), of=wanted)
    match.payload["title"] = there["title"]
    match.save()
    return match


def stored(video: Video) -> dict[str, Any]:
    row = Video.objects.values().get(pk=video.pk)
    return {name: value for name, value in row.items() if name not in ("version", "updated_at")}


def column(name: str) -> str:
    return {"studio": "studio_id", "tags": "tag_ids", "performers": "performer_ids"}.get(name, name)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said, said, field_marks, field_policies, locks, chosen)
def test_what_a_person_gave_or_locked_stays_and_undo_is_the_way_back(
    here: dict[str, Any],
    there: dict[str, Any],
    marks: dict[str, Any],
    policies: dict[str, FieldPolicy],
    locked: list[str],
    fields: list[str] | None,
) -> None:
    for model in (StashMatch, Video, Tag, Performer, Studio):  # of the example before
        model.objects.all().delete()
    video = make(here, marks, locked)
    match = candidate(video, there)
    wanted = IdentifySettings(pk=1, policies=policies)
    before = stored(video)
    [foreseen] = plan([match], settings=wanted, fields=fields).values()

    apply_matches([match], state=MatchState.ACCEPTED, settings=wanted, fields=fields)

    after = stored(video)
    changed = {name for name in FIELDS if after[column(name)] != before[column(name)]}
    by_hand = {name for name in FIELDS if (marks[name] or {}).get("source") == "person"}
    assert not changed & set(locked)
    if fields is None:
        assert not changed & by_hand
        assert changed == {c.field for c in foreseen if c.outcome == "set"}
    else:
        assert changed <= set(fields)
    for name in FIELDS:
        assert (after["provenance"].get(name) != before["provenance"].get(name)) == (
            name in changed
        )
    match.refresh_from_db()
    if match.entry is not None:
        undone = undo.undo(AuditEntry.objects.get(pk=match.entry))
        assert stored(video) == before
        undo.undo(undone.entry)
        assert stored(video) == after
    else:
        assert after == before

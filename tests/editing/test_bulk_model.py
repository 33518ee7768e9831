"""Bulk edits of random catalogues, compared with the same in Python, and undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import AuditEntry
from apps.editing.services.bulk import Changes, Selection, apply, undo_bulk
from apps.library.models import Performer, Studio, Tag, Video
from tests.editing.states import state
from tests.factories import make_custom_field, make_performer, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db
_VIDEOS, _LABELS = 4, 5
_some = settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip

_labels = st.sets(st.integers(0, _LABELS - 1), max_size=3).map(sorted)
_texts = st.text(st.sampled_from("abé. \\%&"), max_size=3)
_videos = st.lists(
    st.fixed_dictionaries(
        {
            "tags": _labels, "performers": _labels,
            "studio": st.none() | st.integers(0, _LABELS - 1),
            "rating": st.none() | st.integers(1, 3), "title": st.text("aAbB.é ", min_size=1),
            "custom": st.dictionaries(st.sampled_from("kl"), st.sampled_from(["1", "2"])),
        }
    ),
    min_size=_VIDEOS, max_size=_VIDEOS,
)  # fmt: skip
_links = st.one_of(
    st.tuples(_labels, _labels).map(
        lambda both: {"add": both[0], "remove": sorted({*both[1]} - {*both[0]})}
    ),
    _labels.map(lambda ids: {"set": ids}),
)
_kinds: dict[str, st.SearchStrategy[Any]] = {
    "tags": _links,
    "performers": _links,
    "studio": st.none() | st.integers(0, _LABELS - 1),
    "rating": st.none() | st.integers(1, 3),
    "favorite": st.booleans(),
    "title": st.fixed_dictionaries(
        {"find": st.sampled_from(["a", ".", "é", "B."]), "replace": _texts, "case": st.booleans()}
    ),
    "custom": st.dictionaries(
        st.sampled_from("kl"), st.none() | st.sampled_from(["1", "2"]), min_size=1
    ),
}
_edits = st.lists(
    st.tuples(
        st.sets(st.integers(0, _VIDEOS - 1), min_size=1).map(sorted),
        st.sets(st.sampled_from(sorted(_kinds)), min_size=1, max_size=3).flatmap(
            lambda names: st.fixed_dictionaries({name: _kinds[name] for name in names})
        ),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


class Catalogue:
    """Rows by their position, and the same videos as plain dictionaries."""

    def __init__(self, videos: list[dict[str, Any]]) -> None:
        for key in "kl":
            make_custom_field(key)
        self.tags = [make_tag().pk for _ in range(_LABELS)]
        self.performers = [make_performer().pk for _ in range(_LABELS)]
        self.studios = [make_studio().pk for _ in range(_LABELS)]
        self.plain = [
            {**one, "favorite": False, "title": one["title"].strip() or "x"} for one in videos
        ]
        self.ids = [self._make(one) for one in self.plain]

    def _make(self, plain: dict[str, Any]) -> int:
        studio = plain["studio"]
        video = make_video(
            plain["title"], rating=plain["rating"], custom=plain["custom"],
            studio=None if studio is None else Studio.objects.get(pk=self.studios[studio]),
            tags=list(Tag.objects.filter(pk__in=[self.tags[n] for n in plain["tags"]])),
            performers=list(
                Performer.objects.filter(pk__in=[self.performers[n] for n in plain["performers"]])
            ),
        )  # fmt: skip
        return int(video.pk)

    def edit(self, which: list[int], changes: dict[str, Any]) -> AuditEntry | None:
        """By the service and in Python; ``None`` if nothing changed. Titles that can't be are left
        out."""
        after = [self._changed(self.plain[n], changes) for n in which]
        if any(not one["title"] for one in after):
            return None
        said = {name: self._said(name, value) for name, value in changes.items()}
        chosen = Selection.of_ids([self.ids[n] for n in which])
        outcome = apply(chosen, Changes.read(said))
        expected = sum(self.plain[n] != one for n, one in zip(which, after, strict=True))
        assert (outcome.matched, outcome.changed) == (len(which), expected)
        for n, one in zip(which, after, strict=True):
            self.plain[n] = one
        self.compare()
        return outcome.entry

    def compare(self) -> None:
        for pk, plain in zip(self.ids, self.plain, strict=True):
            video = Video.objects.get(pk=pk)
            studio = plain["studio"]
            assert (video.title, video.rating, video.favorite, video.custom) == (
                plain["title"], plain["rating"], plain["favorite"], plain["custom"],
            )  # fmt: skip
            assert video.studio_id == (None if studio is None else self.studios[studio])
            assert video.tag_ids == [self.tags[n] for n in plain["tags"]]
            assert video.performer_ids == [self.performers[n] for n in plain["performers"]]

    def _said(self, name: str, value: Any) -> Any:
        ids: Any = {"tags": self.tags, "performers": self.performers, "studio": self.studios}
        if name == "studio":
            return None if value is None else self.studios[value]
        if name in ids:
            return {key: [ids[name][n] for n in numbers] for key, numbers in value.items()}
        return value

    def _changed(self, plain: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        after = dict(plain)
        for name, value in changes.items():
            if name in ("tags", "performers"):
                wanted = {*plain[name], *value.get("add", ())} - {*value.get("remove", ())}
                after[name] = sorted(value.get("set", wanted))
            elif name == "custom":
                after[name] = {k: v for k, v in {**plain[name], **value}.items() if v is not None}
            elif name == "title":
                after[name] = _replaced(plain["title"], **value)
            else:
                after[name] = value
        return after


def _replaced(title: str, *, find: str, replace: str, case: bool) -> str:
    if case:
        new = title.replace(find, replace)
    else:
        new, rest, lower = "", title, find.lower()
        while (at := rest.lower().find(lower)) >= 0:
            new, rest = new + rest[:at] + replace, rest[at + len(find) :]
        new += rest
    return title if new == title else new.strip(" ")


@contextmanager
def passing() -> Iterator[None]:
    """What is written in it is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@_some
@given(videos=_videos, edits=_edits)
def test_edits_do_what_they_say_and_undo_takes_them_back(
    videos: list[dict[str, Any]], edits: list[tuple[list[int], dict[str, Any]]]
) -> None:
    with passing():
        catalogue = Catalogue(videos)
        states, entries = [state()], []
        for which, changes in edits:
            if entry := catalogue.edit(which, changes):
                entries.append(entry)
                states.append(state())

        for entry in reversed(entries):
            assert state() == states.pop()
            undone = undo_bulk(entry)
            now = state()
            undo_bulk(undo_bulk(undone.entry).entry)  # there and back
            assert state() == now
        assert state() == states.pop()


@_some
@given(videos=_videos, edits=_edits, data=st.data())
def test_edits_of_other_fields_are_undone_in_any_order(
    videos: list[dict[str, Any]],
    edits: list[tuple[list[int], dict[str, Any]]],
    data: st.DataObject,
) -> None:
    with passing():
        catalogue = Catalogue(videos)
        before, seen, entries = state(), set[str](), []
        for which, changes in edits:
            apart = {name: value for name, value in changes.items() if name not in seen}
            seen |= apart.keys()
            if apart and (entry := catalogue.edit(which, apart)):
                entries.append(entry)

        for entry in data.draw(st.permutations(entries)):
            undo_bulk(entry)
        assert state() == before

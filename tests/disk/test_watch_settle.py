"""When changes are told: the state machine, on real files but without waiting."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.disk.watch_settle import Settling

SETTLE_S = 3.0
NAMES = ["a", "b", "c", "d"]


class Desk:
    """A settling, clocks that we move, and files whose times follow them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 1_000.0
        self.settling = Settling(os.fsencode(root), settle_s=SETTLE_S)

    def write(self, name: str) -> None:
        path = self.root / name
        path.write_bytes(b"x")
        os.utime(path, (self.now, self.now))

    def take(self) -> list[str]:
        changes = self.settling.take(now=self.now, wall=self.now)
        return [os.fsdecode(change.path) for change in changes]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_nobody_closes_is_told_after_a_minute(desk: Desk) -> None:
    desk.write("a")
    with (desk.root / "a").open("ab"):
        desk.settling.written(b"a", now=desk.now, opened=True)
        told_after = None
        while told_after is None:
            desk.now += 1
            told_after = desk.now - 1_000 if desk.take() else None

    assert 60 <= told_after <= 60 + SETTLE_S


def test_too_many_changes_become_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.disk.watch_settle._MOST", 10)
    for number in range(11):
        desk.settling.gone(b"%d" % number, now=desk.now)

    desk.now += SETTLE_S
    (change,) = desk.settling.take(now=desk.now, wall=desk.now)

    assert change == (b"", True)
    assert desk.settling.next_due() is None


def test_new_file_under_an_old_name_is_not_told_with_the_old_one(desk: Desk) -> None:
    desk.write("a")
    desk.settling.written(b"a", now=desk.now)
    desk.settling.renamed(b"a", b"c", now=desk.now, tell_old=True)
    desk.settling.written(b"a", now=desk.now)
    desk.settling.gone(b"c", now=desk.now)

    desk.now += 1
    assert desk.take() == ["c"]
    desk.now += SETTLE_S
    assert desk.take() == ["a"]


class Story:
    """Things that happen to a few files, and what has to be told of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.untold: set[str] = set()
        self.written_at: dict[str, float] = {}

    def write(self, name: str) -> None:
        self.desk.write(name)
        self.written_at[name] = self.desk.now
        self.desk.settling.written(os.fsencode(name), now=self.desk.now)
        self.untold.add(name)

    def close(self, name: str) -> None:
        if name in self.written_at:
            self.desk.settling.closed(os.fsencode(name), now=self.desk.now)
            self.untold.add(name)

    def delete(self, name: str) -> None:
        if self.written_at.pop(name, None):
            (self.desk.root / name).unlink()
            self.desk.settling.gone(os.fsencode(name), now=self.desk.now)
            self.untold.add(name)

    def rename(self, name: str, other: str) -> None:
        if name in self.written_at and name != other:
            (self.desk.root / name).rename(self.desk.root / other)
            self.written_at[other] = self.written_at.pop(name)
            old, new = os.fsencode(name), os.fsencode(other)
            self.desk.settling.renamed(old, new, now=self.desk.now, tell_old=True)
            self.untold |= {name, other}

    def wait(self, seconds: float) -> None:
        self.desk.now += seconds
        for name in self.desk.take():
            young = self.desk.now - self.written_at.get(name, 0) < SETTLE_S - 1e-6
            assert not young, f"{name} is young"
            self.untold.discard(name)


_name = st.sampled_from(NAMES)
_steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["write", "close", "delete"]), _name),
        st.tuples(st.just("rename"), _name, _name),
        st.tuples(st.just("wait"), st.floats(0, 2 * SETTLE_S)),
    ),
    max_size=30,
)


@given(_steps)
def test_tells_all_that_changed_and_nothing_that_is_young(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    story = Story(Desk(tmp_path_factory.mktemp("settle")))
    for deed, *details in steps:
        getattr(story, deed)(*details)
        story.wait(0)

    for _ in range(3):
        story.wait(2 * SETTLE_S)

    assert not story.untold
    assert story.desk.settling.next_due() is None

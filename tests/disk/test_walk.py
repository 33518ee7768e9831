"""Signs of life while a folder is read slowly."""

import os
from pathlib import Path

import pytest

from apps.disk import child
from apps.disk.rules import Rules
from apps.disk.walk import entries, walk

FILES = 200


@pytest.fixture
def folder(tmp_path: Path) -> bytes:
    for number in range(FILES):
        (tmp_path / f"{number}.mp4").touch()
        (tmp_path / f"folder{number}").mkdir()
    return os.fsencode(tmp_path)


def test_come_within_a_folder(folder: bytes) -> None:
    walked: list[None] = []
    listed: list[None] = []

    next(walk(
        folder, device=0, seed=b"", skips=lambda _path: False, beat=lambda: walked.append(None)
    ))  # fmt: skip
    (chunk,) = entries(folder, b"", device=0, beat=lambda: listed.append(None))

    assert len(chunk) == FILES
    assert len(walked) >= 2 * FILES // 20
    assert len(listed) >= 2 * FILES // 20


def test_come_between_questions(folder: bytes) -> None:
    beats: list[None] = []
    names = [b"%d.mp4" % number for number in range(FILES)]

    def beat() -> None:
        beats.append(None)

    (busy,) = child._busy(beat, paths=[os.path.join(folder, name) for name in names])
    assert (busy, len(beats)) == ([False] * FILES, FILES)
    (shown,) = child._listed(beat, folder=folder, names=[*names, b"0.MP4"])
    assert shown == [True] * FILES + [False]
    assert len(beats) >= 3 * FILES


def test_come_on_the_way_to_a_path(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "to_link").symlink_to(tmp_path / "link" / "b")
    beats: list[None] = []
    for name in ("link/b/c", "to_link/../b", "a/./b//", "to_link/nothing/..", "a"):
        path = os.fsencode(tmp_path) + b"/" + os.fsencode(name)
        assert list(child._real(lambda: beats.append(None), path=path)) == [os.path.realpath(path)]
    assert len(beats) >= 5 * len(tmp_path.parts)


def test_the_trash_and_drafts_of_transcodes_are_never_taken_in() -> None:
    rules = Rules.of(extensions=["mp4"], include=[], exclude=[])

    assert rules.folder_refusal(b"a folder/.mediahub-trash") == "own_data"
    assert not rules.folder_refusal(b"a folder/mediahub-trash")

"""Renaming by a template: planned, done, undone, with the catalogue in step."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.disk.reader import Disk
from apps.library.models import File, Library, Video
from apps.library.services.scan import scan_library
from apps.renaming.choices import OPEN, BatchState, Reason, RenameState
from apps.renaming.models import RenameBatch
from apps.renaming.services import obstacles, run
from apps.renaming.services.order import ordered
from apps.renaming.services.plan import NothingToUndo, new_undo, plan
from tests.factories import NOON, make_studio
from tests.renaming.conftest import Rename, in_catalogue, on_disk, title
from tests.rigs.media import write_sound

pytestmark = pytest.mark.django_db
CarriedOut = Callable[[RenameBatch], RenameBatch]


def reasons(batch: RenameBatch) -> dict[str, str]:
    return {str(line): line.reason for line in batch.renames.all()}


def scan_sees_nothing_new(library: Library) -> None:
    counts = scan_library(library, now=NOON).counts
    changed = {name: counts[name] for name in ("added", "changed", "moved", "missing", "returned")}
    assert not any(changed.values()), changed


def _most_rows(node: dict[str, Any]) -> float:
    """The rows that any part of a query's plan gave."""
    return max([node["Actual Rows"], *map(_most_rows, node.get("Plans", []))])


class TestPlanning:
    def test_says_who_gets_which_name_and_touches_nothing(
        self, planned: Rename, root: Path
    ) -> None:
        title("a.wav", "Alpha")
        before = on_disk(root)

        batch = planned("{title}")

        lines = {str(line): bytes(line.new) for line in batch.renames.all()}
        assert lines == {"a.wav": b"Alpha.wav"}
        assert (batch.selected, batch.unchanged, batch.state) == (3, 2, BatchState.READY)
        assert on_disk(root) == before

    def test_two_that_want_one_name_get_none(self, planned: Rename) -> None:
        title("a.wav", "Same")
        title("b.wav", "SAME")

        assert reasons(planned("{title}")) == {
            "a.wav": Reason.SAME_NAME, "b.wav": Reason.SAME_NAME,
        }  # fmt: skip

    def test_a_name_that_a_file_has_is_taken_in_any_case(self, planned: Rename, root: Path) -> None:
        (root / "Readme.WAV").mkdir()
        title("a.wav", "readme")
        title("b.wav", "A")

        batch = planned("{title}")

        # a can't go, so b, which wants its name, can't either
        assert reasons(batch) == {"a.wav": Reason.TAKEN, "b.wav": Reason.TAKEN}

    def test_a_missing_file_of_the_catalogue_keeps_its_name(
        self, planned: Rename, root: Path, library: Library
    ) -> None:
        (root / "b.wav").unlink()
        scan_library(library, now=NOON)
        title("a.wav", "b")

        batch = planned("{title}")

        assert reasons(batch) == {"a.wav": Reason.MISSING_THERE, "b.wav": Reason.MISSING}

    def test_what_the_rules_would_leave_out_is_refused(
        self, planned: Rename, library: Library
    ) -> None:
        Library.objects.filter(pk=library.pk).update(exclude=["private/"])
        title("a.wav", "x")

        batch = planned("private/{title}", Video.objects.filter(path="a.wav"))

        assert reasons(batch) == {"a.wav": Reason.LEFT_OUT}

    def test_names_without_anything_left_are_refused(self, planned: Rename) -> None:
        title("a.wav", "...")

        assert reasons(planned("{title}")) == {"a.wav": Reason.NO_NAME}

    def test_only_the_case_may_change(self, planned: Rename, carried_out: CarriedOut, root: Path):
        title("a.wav", "A")

        carried_out(planned("{title}"))

        assert "A.wav" in on_disk(root)
        assert in_catalogue() == on_disk(root)

    def test_only_so_many_folders_are_remembered(
        self, planned: Rename, disk: Disk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also such as aren't there yet, which have no names."""
        monkeypatch.setattr(obstacles, "_MOST_NAMES", 2)
        rows = list(planned("new {id}/{title}").renames.all())
        looker = obstacles.Obstacles(disk)

        looker.find(rows)

        assert len(rows) == 3
        assert len(looker._names) == 2

    def test_many_videos_cost_the_queries_of_few(
        self, planned: Rename, root: Path, library: Library, django_assert_max_num_queries
    ) -> None:
        for number in range(30):
            write_sound(root / "many" / f"{number}.wav", 100 + number)
        scan_library(library, now=NOON)

        with django_assert_max_num_queries(24):
            planned("new {title}")


class TestDoing:
    def test_files_move_and_the_catalogue_with_them(
        self, planned: Rename, carried_out: CarriedOut, root: Path, library: Library
    ) -> None:
        video = title("a.wav", "Alpha")
        Video.objects.filter(pk=video.pk).update(studio=make_studio("Acme"))
        ids = dict(File.objects.values_list("content", "pk"))

        batch = carried_out(planned("<{studio}/>{title}"))

        assert on_disk(root) == {"Acme/Alpha.wav", "b.wav", "c.wav"}
        assert in_catalogue() == on_disk(root)
        assert dict(File.objects.values_list("content", "pk")) == ids
        assert batch.state == BatchState.DONE
        assert batch.finished_at
        scan_sees_nothing_new(library)

    def test_of_many_lines_only_the_next_ones_are_read(
        self, planned: Rename, library: Library
    ) -> None:
        title("a.wav", "Alpha")
        batch = planned("{title}")
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO renaming_rename (batch_id, library_id, old, new, old_key, new_key,
                    taken, step, inode, size_bytes, mtime_ns, sidecars, state, reason)
                SELECT batch_id, library_id, old, new, old_key, new_key, taken, n % 3, inode,
                    size_bytes, mtime_ns, sidecars, state, reason
                FROM renaming_rename, generate_series(1, 5000) n
                """
            )
            cursor.execute("ANALYZE renaming_rename")
        with CaptureQueriesContext(connection) as queries:
            first = run._first(batch.renames.filter(library=library), OPEN)

        assert {line.step for line in first} == {0}
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {queries[0]['sql']}")
            [[[plan]]] = cursor.fetchall()
        assert _most_rows(plan["Plan"]) <= 32

    def test_two_swap_their_names(
        self, planned: Rename, carried_out: CarriedOut, root: Path, library: Library
    ) -> None:
        title("a.wav", "b")
        title("b.wav", "a")
        contents = {name: (root / name).read_bytes() for name in ("a.wav", "b.wav")}
        (root / "a.srt").write_text("of a")
        (root / "b.srt").write_text("of b")

        carried_out(planned("{title}"))

        assert (root / "a.wav").read_bytes() == contents["b.wav"]
        assert (root / "b.wav").read_bytes() == contents["a.wav"]
        assert ((root / "a.srt").read_text(), (root / "b.srt").read_text()) == ("of b", "of a")
        assert in_catalogue() == {"a.wav", "b.wav", "sub/c.wav"}
        scan_sees_nothing_new(library)

    def test_a_chain_goes_from_its_end(
        self, planned: Rename, carried_out: CarriedOut, root: Path
    ) -> None:
        title("a.wav", "b")
        title("b.wav", "z")

        batch = carried_out(planned("{title}"))

        assert on_disk(root) == {"b.wav", "z.wav", "sub/c.wav"}
        assert set(batch.renames.values_list("state", flat=True)) == {RenameState.DONE}

    def test_sidecars_go_along_if_they_are_wanted(
        self, planned: Rename, carried_out: CarriedOut, root: Path
    ) -> None:
        for name in ("a.srt", "a.en.VTT", "a.b.nfo", "a.exe", "ab.srt"):
            (root / name).write_text(name)
        write_sound(root / "a.b.wav", 77)  # a medium of its own
        title("a.wav", "new")

        batch = planned("{title}", Video.objects.filter(path="a.wav"))
        carried_out(batch)

        assert {"new.wav", "new.srt", "new.en.VTT", "a.b.nfo", "a.exe", "ab.srt"} <= on_disk(root)
        assert not {"a.srt", "a.en.VTT"} & on_disk(root)

    def test_without_sidecars_they_stay(
        self, planned: Rename, carried_out: CarriedOut, root: Path
    ) -> None:
        (root / "a.srt").write_text("x")
        title("a.wav", "new")

        carried_out(planned("{title}", sidecars=False))

        assert {"new.wav", "a.srt"} <= on_disk(root)

    def test_a_name_that_was_taken_meanwhile_is_not_overwritten(
        self, planned: Rename, carried_out: CarriedOut, root: Path
    ) -> None:
        title("a.wav", "new")
        batch = planned("{title}")
        (root / "new.wav").write_text("somebody's")

        carried_out(batch)

        assert (root / "new.wav").read_text() == "somebody's"
        assert "a.wav" in on_disk(root)
        assert reasons(batch) == {"a.wav": Reason.TAKEN}
        assert batch.renames.get().state == RenameState.FAILED

    def test_a_ring_that_cannot_close_leaves_all_files_somewhere_known(
        self, planned: Rename, carried_out: CarriedOut, root: Path
    ) -> None:
        title("a.wav", "b")
        title("b.wav", "a")
        batch = planned("{title}")
        (root / "b.wav").rename(root / "gone.wav")
        (root / "b.wav").write_text("in the way")

        carried_out(batch)

        assert on_disk(root) == {"a.wav", "b.wav", "gone.wav", "sub/c.wav"}
        assert set(batch.renames.values_list("state", flat=True)) == {RenameState.FAILED}

    def test_names_beyond_utf8_survive(
        self, planned: Rename, carried_out: CarriedOut, root: Path, library: Library
    ) -> None:
        raw = os.path.join(os.fsencode(root), b"\xff\xfe.wav")
        (root / "a.wav").rename(raw.decode("utf-8", "surrogateescape"))
        scan_library(library, now=NOON)

        carried_out(planned("moved/{original}"))

        assert os.path.exists(os.path.join(os.fsencode(root), b"moved/\xff\xfe.wav"))
        scan_sees_nothing_new(library)


class TestUndoing:
    def test_all_goes_back(
        self, planned: Rename, carried_out: CarriedOut, root: Path, library: Library, disk: Disk
    ) -> None:
        (root / "a.srt").write_text("x")
        title("a.wav", "b")
        title("b.wav", "a")
        before = {name: (root / name).read_bytes() for name in on_disk(root)}
        batch = carried_out(planned("x/{title}"))

        carried_out(plan(new_undo(batch), disk=disk))

        assert {name: (root / name).read_bytes() for name in on_disk(root)} == before
        assert in_catalogue() == {"a.wav", "b.wav", "sub/c.wav"}
        assert set(batch.renames.values_list("state", flat=True)) == {RenameState.UNDONE}
        scan_sees_nothing_new(library)

    def test_what_stands_in_the_way_is_told_and_left_alone(
        self, planned: Rename, carried_out: CarriedOut, root: Path, library: Library, disk: Disk
    ) -> None:
        batch = carried_out(planned("x/{original}"))
        (root / "a.wav").write_text("new one")
        (root / "x" / "b.wav").rename(root / "x" / "elsewhere.wav")
        scan_library(library, now=NOON)

        undo = carried_out(plan(new_undo(batch), disk=disk))

        assert reasons(undo) == {
            "x/a.wav": Reason.TAKEN, "x/elsewhere.wav": Reason.MOVED_SINCE, "x/c.wav": "",
        }  # fmt: skip
        assert (root / "a.wav").read_text() == "new one"
        assert (root / "sub" / "c.wav").exists()

    def test_what_never_heard_of_its_end_goes_back_all_the_same(
        self, planned: Rename, carried_out: CarriedOut
    ) -> None:
        """Its job was lost after the last file, or a library of it was removed."""
        title("a.wav", "Alpha")
        batch = carried_out(planned("{title}"))
        batch.state = BatchState.RUNNING
        batch.save()

        assert new_undo(batch).undoes == batch
        batch.renames.update(state=RenameState.MOVING)
        with pytest.raises(NothingToUndo, match="not at its end"):
            new_undo(batch)

    def test_nothing_done_is_nothing_to_undo(self, planned: Rename) -> None:
        title("a.wav", "new")

        with pytest.raises(NothingToUndo):
            new_undo(planned("{title}"))


def test_rings_and_chains_are_put_in_order() -> None:
    # 1 waits for 2, 2 for 3; 7, 8 and 9 form a ring
    waits = {1: 2, 2: 3, 7: 8, 8: 9, 9: 7}

    steps, aside = ordered(waits)

    assert steps[3] < steps[2] < steps[1]
    assert aside == {7}
    assert steps[9] < steps[8] < steps[7]  # 9 takes the place that 7 left

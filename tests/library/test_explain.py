"""Why is this file not in the catalogue? An answer for every path."""

import io
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.jobs.choices import JobState
from apps.library.choices import LibraryState, ProbeState, Question
from apps.library.models import File, Library, Scan
from apps.library.services.explain import Explanation, explain, patient_disk
from apps.library.services.forget import Choice, forget_missing
from tests.factories import NOON, make_file, make_job, make_library, make_video

pytestmark = pytest.mark.django_db
Ask = Callable[[str | bytes], Explanation]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    root = tmp_path / "films"
    root.mkdir()
    library = make_library(name="Films", root=str(root), extensions=["mp4"])
    Scan.objects.create(library=library, started_at=NOON, finished_at=NOON, walked=True)
    return library


@pytest.fixture
def ask(library: Library) -> Ask:
    """Explain a path below the library's root."""

    def why(path: str | bytes) -> Explanation:
        with patient_disk() as disk:
            return explain(os.path.join(library.root_bytes, os.fsencode(path)), disk=disk)

    return why


def write(library: Library, path: str | bytes, *, age_s: float = 3_600) -> Path:
    file = Path(library.root) / os.fsdecode(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"film")
    then = file.stat().st_mtime - age_s
    os.utime(file, (then, then))
    return file


class TestPlaces:
    def test_outside_of_all_libraries(self, library: Library, tmp_path: Path) -> None:
        with patient_disk() as disk:
            outside = explain(os.fsencode(tmp_path / "other" / "a.mp4"), disk=disk)
            root = explain(library.root_bytes + b"/", disk=disk)
            with pytest.raises(Exception, match="absolute path") as refused:
                explain(b"a.mp4", disk=disk)

        assert (outside.code, outside.library) == ("no_library", None)
        assert (root.code, root.library) == ("library_root", library)
        assert getattr(refused.value, "code", "") == "not_a_path"

    def test_by_a_further_prefix(self, library: Library) -> None:
        library.prefixes.create(prefix="/mnt/nas")
        write(library, "a.mp4")

        with patient_disk() as disk:
            answer = explain(b"/mnt/nas/a.mp4", disk=disk)

        assert (answer.code, answer.path) == ("not_seen_yet", f"{library.root}/a.mp4")

    def test_in_a_library_that_is_away(self, ask: Ask, library: Library) -> None:
        make_file(b"a.mp4", library=library)
        Path(library.root).rmdir()

        answer = ask("a.mp4")

        assert answer.code == "offline"
        assert "as it was at the last scan" in answer.sentence


class TestAbsence:
    def test_of_what_was_never_there(self, ask: Ask) -> None:
        assert ask("a.mp4").code == "not_there"
        assert "no folder sub" in ask("sub/a.mp4").sentence

    def test_of_what_is_missing_or_forgotten(self, ask: Ask, library: Library) -> None:
        make_video(file=make_file(b"a.mp4", library=library, missing_since=NOON))
        make_file(b"b.mp4", library=library)

        assert ask("a.mp4").code == "missing"
        assert "2026-11-21" in ask("a.mp4").sentence
        assert ask("b.mp4").code == "gone"

        Library.objects.update(state=LibraryState.ONLINE)
        forget_missing(Choice(library, until=NOON))
        assert ask("a.mp4").code == "forgotten"

    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_of_the_other_normal_form(self, ask: Ask, library: Library, form: Any) -> None:
        other = {"NFC": "NFD", "NFD": "NFC"}[form]
        write(library, unicodedata.normalize(form, "käse/Ü.mp4"))

        assert ask(unicodedata.normalize(other, "käse/Ü.mp4")).code == "other_form"
        assert ask(unicodedata.normalize(form, "käse/Ü.mp4")).code == "not_seen_yet"

    def test_of_names_too_long(self, ask: Ask) -> None:
        assert ask("x" * 300 + ".mp4").code == "unreadable"


class TestRules:
    def test_name_the_pattern(self, ask: Ask, library: Library) -> None:
        Library.objects.update(exclude=["*.tmp.mp4", "/trash/", "!keep.tmp.mp4"])
        for path in ("a.tmp.mp4", "keep.tmp.mp4", "trash/deep/a.mp4", "._a.mp4", "@eaDir/a.mp4"):
            write(library, path)

        assert "'*.tmp.mp4'" in ask("a.tmp.mp4").sentence
        assert ask("keep.tmp.mp4").code == "not_seen_yet"
        assert ask("trash/deep/a.mp4").code == "excluded"
        assert "The folder trash" in ask("trash/deep/a.mp4").sentence
        assert (ask("._a.mp4").code, ask("@eaDir/a.mp4").code) == ("ignored", "ignored")
        assert "'@eaDir/'" in ask("@eaDir/a.mp4").sentence

    def test_of_inclusion_and_extension(self, ask: Ask, library: Library) -> None:
        Library.objects.update(include=["/only/"])
        for path in ("a.mp4", "only/a.mp4", "only/a.txt", "only/mp4"):
            write(library, path)

        assert ask("a.mp4").code == "not_included"
        assert ask("only/a.mp4").code == "not_seen_yet"
        assert ask("only/a.txt").code == ask("only/mp4").code == "other_extension"

    def test_of_what_is_no_file(self, ask: Ask, library: Library) -> None:
        root = Path(library.root)
        write(library, "real/a.mp4")
        (root / "link.mp4").symlink_to("real/a.mp4")
        (root / "linked").symlink_to("real")
        os.mkfifo(root / "pipe.mp4")

        assert ask("link.mp4").code == "link"
        assert ask("linked/a.mp4").code == "below_link"
        assert ask("pipe.mp4").code == "not_a_file"
        assert ask("real").code == "folder"
        assert ask("real/a.mp4/b.mp4").code == "not_there"

    def test_of_our_own_data(
        self, ask: Ask, library: Library, settings: Any, tmp_path: Path
    ) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path / "films" / "hub"
        write(library, "hub/artifacts/a.mp4")

        assert ask("hub/artifacts/a.mp4").code == "own_data"


class TestKnown:
    def test_in_the_catalogue(self, ask: Ask, library: Library) -> None:
        location = write(library, "a.mp4")
        file = make_file(
            b"a.mp4", library=library, size_bytes=4, mtime_ns=location.stat().st_mtime_ns
        )
        video = make_video("My film", file=file)

        answer = ask("a.mp4")

        assert answer.code == "in_catalogue"
        assert (answer.as_json()["file"], answer.as_json()["video"]) == (file.pk, video.pk)
        assert "My film" in answer.sentence
        File.objects.update(size_bytes=5)
        assert "changed since" in ask("a.mp4").sentence

    def test_without_a_video(self, ask: Ask, library: Library) -> None:
        for name in ("failed", "copy", "back"):
            write(library, f"{name}.mp4")
        make_file(
            b"failed.mp4", library=library, probe_state=ProbeState.FAILED, probe_error="damaged",
            probe_message="It is cut short.",
        )  # fmt: skip
        make_file(b"copy.mp4", library=library)
        make_file(b"back.mp4", library=library, missing_since=NOON)

        assert "cut short" in ask("failed.mp4").sentence
        assert [ask(f"{n}.mp4").code for n in ("failed", "copy", "back")] == [
            "failed", "being_compared", "back",
        ]  # fmt: skip


class TestNotYet:
    def test_while_it_arrives(self, ask: Ask, library: Library, settings: Any) -> None:
        settings.MEDIAHUB_SETTLE_SECONDS = 3
        write(library, "young.mp4", age_s=0)
        location = write(library, "open.mp4", age_s=10)

        assert ask("young.mp4").code == "arriving"
        assert ask("open.mp4").code == "not_seen_yet"
        with location.open("ab"):
            assert ask("open.mp4").code == "arriving"

    def test_while_the_library_waits(self, ask: Ask, library: Library) -> None:
        write(library, "a.mp4")

        Library.objects.update(question=Question.GONE)
        assert ask("a.mp4").code == "question"
        Library.objects.update(question=Question.NONE)
        library.scans.all().delete()
        assert ask("a.mp4").code == "never_scanned"
        make_job(JobState.RUNNING, target_type="library.library", target_id=library.pk)
        assert ask("a.mp4").code == "scan_under_way"

    def test_when_a_scan_told_of_it(self, ask: Ask, library: Library) -> None:
        write(library, "a.mp4")
        Scan.objects.get().findings.create(
            reason="not_stored", path="a.mp4", message="Out of range"
        )

        answer = ask("a.mp4")

        assert answer.code == "finding"
        assert answer.sentence == "A scan noted: not stored (Out of range)."


@pytest.mark.parametrize(
    "name", [b"caf\xe9.mp4", b"new\nline.mp4", b"x" * 251 + b".mp4", b"\\xe9.mp4"]
)
def test_hostile_names(ask: Ask, library: Library, name: bytes) -> None:
    write(library, name)

    answer = ask(name)

    assert answer.code == "not_seen_yet"
    assert ask(answer.path).code == "not_seen_yet"  # as people read it


def test_silent_disk(library: Library) -> None:
    class Silent:
        def root(self, _path: bytes) -> Any:
            from apps.disk.reader import DiskSilent

            raise DiskSilent("The disk does not answer.")

    silent: Any = Silent()
    assert explain(library.root_bytes + b"/a.mp4", disk=silent).code == "silent"


def test_command(library: Library) -> None:
    write(library, "new\nline.mp4")
    out = io.StringIO()

    call_command("why", f"{library.root}/new\nline.mp4", "/nowhere/a.mp4", stdout=out)

    assert "new\\nline.mp4\n  No scan has seen it yet" in out.getvalue()
    assert "It lies in no library" in out.getvalue()
    out = io.StringIO()
    call_command("why", f"{library.root}/a.mp4", "--json", stdout=out)
    assert json.loads(out.getvalue())["paths"][0]["code"] == "not_there"
    with pytest.raises(CommandError):
        call_command("why")

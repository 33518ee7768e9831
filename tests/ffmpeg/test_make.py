"""Everything that is wished for of one file is made or refused, each kind alone."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.ffmpeg import make
from apps.ffmpeg.messages import Made, MakeRequest, MakeResult
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.reader import Programs
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import open_source
from apps.ffmpeg.wishes import Wishes
from apps.ffmpeg.work import Pass, Work
from tests.media import media, not_media

_WISHES: Wishes = {"heatmap": {}, "waveform": {}, "subtitles": {}, "chapters": {}}


@pytest.fixture(scope="module")
def pool() -> Iterator[MediaPool]:
    with MediaPool(children=1, timeout_s=60, batch=1) as pool:
        yield pool


def _make(pool: MediaPool, path: Path | bytes, folder: Path, wishes: Wishes) -> MakeResult:
    request = MakeRequest(key=7, path=bytes(path), folder=bytes(folder), wishes=wishes)
    (result,) = pool.run([request])
    assert isinstance(result, MakeResult)
    assert result.key == 7
    return result


def _errors(result: MakeResult) -> dict[str, str]:
    return {made.kind: made.error for made in result.made}


class TestInAChild:
    def test_each_wish_is_answered_once(self, pool: MediaPool, tmp_path: Path) -> None:
        path = media("chapters.mkv")

        result = _make(pool, path, tmp_path, _WISHES)

        assert result.error == ""
        assert result.stat is not None
        assert result.stat.size == path.stat().st_size
        assert sorted(_errors(result).items()) == [(kind, "") for kind in sorted(_WISHES)]
        for file in (file for made in result.made for file in made.files):
            assert os.path.dirname(file.path) == bytes(tmp_path)
            assert os.stat(file.path).st_size == file.size_bytes

    def test_what_is_not_there_is_said_for_each_kind(self, pool: MediaPool, tmp_path: Path) -> None:
        assert _errors(_make(pool, media("sound.mp3"), tmp_path, _WISHES)) == {
            "heatmap": "", "waveform": "", "subtitles": "no_text", "chapters": "no_chapters",
        }  # fmt: skip
        assert _errors(_make(pool, media("black.mp4"), tmp_path, _WISHES)) == {
            "heatmap": "", "waveform": "no_sound", "subtitles": "no_text",
            "chapters": "no_chapters",
        }  # fmt: skip

    def test_only_wishes_are_fulfilled(self, pool: MediaPool, tmp_path: Path) -> None:
        result = _make(pool, media("chapters.mkv"), tmp_path, {"chapters": {}})

        assert _errors(result) == {"chapters": ""}
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize("name", ["hls.mp4", "hls.m3u8", "concat.mkv"])
    def test_what_names_other_files_is_refused_for_all(
        self, name: str, pool: MediaPool, tmp_path: Path
    ) -> None:
        result = _make(pool, not_media(name, tmp_path), tmp_path, _WISHES)

        assert _errors(result) == dict.fromkeys(_WISHES, "playlist_refused")
        assert all(made.message for made in result.made)

    def test_a_reason_is_not_that_of_the_file_before(self, tmp_path: Path) -> None:
        with MediaPool(children=1, timeout_s=60, batch=1) as pool:
            _make(pool, not_media("concat.mkv", tmp_path), tmp_path, _WISHES)
            result = _make(pool, not_media("text.mp4", tmp_path), tmp_path, _WISHES)

        assert _errors(result) == dict.fromkeys(_WISHES, "not_media")

    def test_a_file_that_can_be_no_media_is_one_error(
        self, pool: MediaPool, tmp_path: Path
    ) -> None:
        assert _make(pool, not_media("zero.mp4", tmp_path), tmp_path, _WISHES).error == "empty"
        assert _make(pool, tmp_path / "gone.mp4", tmp_path, _WISHES).error == "vanished"

    @pytest.mark.parametrize(
        "name", [b"-i.mkv", b"concat:a|b.mkv", b"a\nb'\".mkv", b"\xff.mkv", b"x" * 251 + b".mkv"]
    )
    def test_names_are_only_names(self, name: bytes, pool: MediaPool, tmp_path: Path) -> None:
        path = os.path.join(bytes(tmp_path), name)
        shutil.copy(media("chapters.mkv"), path)
        folder = tmp_path / "made"
        folder.mkdir()

        assert _errors(_make(pool, path, folder, _WISHES)) == dict.fromkeys(_WISHES, "")


class TestPasses:
    """One kind's end is not that of the others."""

    @pytest.fixture
    def run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[Pass], dict[str, str]]:
        path = media("h264.mp4")

        def run(first: Pass) -> dict[str, str]:
            kinds = frozenset({"subtitles", "chapters"})
            passes = ((frozenset({"heatmap", "waveform"}), first), (kinds, make.make_texts))
            monkeypatch.setattr(make, "_PASSES", passes)
            request = MakeRequest(key=0, path=bytes(path), folder=bytes(tmp_path), wishes=_WISHES)
            found: dict[str, tuple[Made, ...]] = {}
            with open_source(bytes(path)) as source:
                make.make(request, source, Programs(None, None, 30), found, lambda: None)
            return {made.kind: made.error for made in found["made"]}

        return run

    @pytest.mark.parametrize(
        ("failure", "code"),
        [
            (MediaRefused(Reason.UNDECODABLE_SOUND), "undecodable_sound"),
            (PermissionError(13, "no"), "unreadable"),
            (OSError(5, "Input/output error"), "read_error"),
            (MemoryError(), "out_of_memory"),
            (None, "undecodable"),
        ],
    )
    def test_a_failure_is_that_of_what_was_not_yet_made(
        self,
        failure: BaseException | None,
        code: str,
        run: Callable[[Pass], dict[str, str]],
    ) -> None:
        def fails(work: Work) -> Iterator[Made]:
            yield Made(kind="heatmap")
            if failure is not None:
                raise failure

        assert run(fails) == {
            "heatmap": "", "waveform": code, "subtitles": "no_text", "chapters": "no_chapters",
        }  # fmt: skip

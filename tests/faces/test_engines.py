"""Finding, aligning and comparing faces, by each engine, on real photographs."""

import io
import itertools
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from apps.faces import engines
from apps.faces.choices import Engine
from apps.faces.engines import Detection, FaceEngine, UnknownEngine, align, chips, hog

IMAGES = Path(__file__).with_name("images")
PEOPLE = ("barack_obama", "emmanuel_macron", "jacinda_ardern")
SFACE = Engine.YUNET_SFACE
Pixels = NDArray[np.uint8]


@cache
def engine(engine_id: str) -> FaceEngine:
    return engines.load(engine_id)


@cache
def picture(name: str) -> Any:
    return cv2.imread(str(IMAGES / name))


def find(image: Any, engine_id: str = SFACE, *, width_px: int = 640) -> list[Detection]:
    return engine(engine_id).detect(image, width_px=width_px, score=0.8)


@cache
def crop_of(name: str) -> Pixels:
    return align.crop(picture(name), find(picture(name))[0].landmarks)


def photographs(person: str) -> list[str]:
    return [f"{person}/{path.name}" for path in sorted((IMAGES / person).glob("*.jpg"))][:2]


def cosines(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


class TestLoad:
    def test_knows_the_engines_that_can_be_chosen(self) -> None:
        assert tuple(Engine.values) == engines.ENGINES

    def test_refuses_others(self) -> None:
        with pytest.raises(UnknownEngine) as refused:
            engines.load("best-1")

        assert refused.value.code == "unknown_face_engine"
        assert "yunet-sface-1" in str(refused.value)

    def test_says_what_it_is(self) -> None:
        ours = engine(SFACE)

        assert (ours.id, ours.detector, ours.dimensions) == (SFACE, "yunet-2023mar", 128)
        assert ours.device in {"CPU", "GPU"}

    def test_the_web_process_is_free_of_it(self) -> None:
        script = (
            "import sys, apps.faces.engines; early = 'numpy' in sys.modules\n"
            "import django; django.setup()\n"
            "from django.urls import get_resolver; get_resolver().url_patterns\n"
            "import apps.faces.tasks, apps.faces.services.carrying\n"
            "heavy = {'cv2', 'dlib', 'faiss', 'face_recognition', 'scipy', 'numpy'}\n"
            "print(early, heavy & {*sys.modules})"
        )

        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

        assert ended.stdout.strip() == "False set()", ended.stderr


def test_pictures_that_break_off_stay_broken_for_everybody_else() -> None:
    engines.load(Engine.HOG_DLIB)

    assert not ImageFile.LOAD_TRUNCATED_IMAGES  # face_recognition has them pass


class TestDetect:
    @pytest.mark.parametrize("name", [f"sample{number}.jpg" for number in range(1, 7)])
    def test_finds_each_face_of_a_group_and_nothing_else(self, name: str) -> None:
        faces = json.loads((IMAGES / "_group" / "faces.json").read_text())[name]
        height, width = picture(f"_group/{name}").shape[:2]

        found = find(picture(f"_group/{name}"))

        middles = sorted(
            ((left + across / 2) / width, (top + down / 2) / height)
            for left, top, across, down in (each.box for each in found)
        )
        assert middles == [pytest.approx(each[:2], abs=0.02) for each in sorted(faces)]

    @pytest.mark.parametrize("engine_id", [SFACE, Engine.HOG_DLIB])
    def test_finds_none_where_there_is_none(self, engine_id: str) -> None:
        assert find(picture("_noface/640px-IceBlockNearJoekullsarlon.jpg"), engine_id) == []

    @pytest.mark.parametrize("engine_id", [SFACE, Engine.HOG_DLIB])
    def test_marks_eyes_nose_and_mouth(self, engine_id: str) -> None:
        image = picture("jacinda_ardern/person_b_2.jpg")

        (face,) = find(image, engine_id)

        eye, other_eye, nose, mouth, other_mouth = face.landmarks
        assert eye[0] < nose[0] < other_eye[0]
        assert eye[1] < nose[1] < mouth[1]
        assert mouth[0] < other_mouth[0]
        left, top, width, height = face.box
        assert left <= eye[0] < other_eye[0] <= left + width
        assert top <= eye[1] < mouth[1] <= top + height
        assert 0.8 <= face.score <= 1

    def test_engines_agree_where_a_face_is(self) -> None:
        image = picture("jacinda_ardern/person_b_2.jpg")

        ours, theirs = (find(image, each)[0] for each in (SFACE, Engine.HOG_DLIB))

        apart = np.linalg.norm(ours.landmarks - theirs.landmarks, axis=1)
        assert apart[:2].max() < 0.1 * ours.box[2]  # dlib knows no mouth, and this one smiles

    def test_positions_are_those_of_the_image_however_small_it_is_looked_at(self) -> None:
        image = picture("jacinda_ardern/person_b_2.jpg")

        wide, narrow = (find(image, width_px=width)[0].box for width in (640, 320))

        assert wide == pytest.approx(narrow, abs=0.05 * wide[2])

    @pytest.mark.parametrize("degrees", [-40, 30])
    def test_knows_a_tilted_head_again(self, degrees: int) -> None:
        image = cv2.resize(picture("rishi_sunak/sunak.jpg"), None, fx=0.5, fy=0.5)
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        tilted: Any = cv2.warpAffine(image, turn, (width, height))

        (face,) = find(tilted)

        crops = [align.crop(tilted, face.landmarks), crop_of("rishi_sunak/sunak.jpg")]
        vectors = engine(SFACE).embed(crops)
        assert cosines(vectors)[0, 1] > 0.6
        assert np.linalg.norm(vectors[0]) > engines.calibration(SFACE).seed_norm

    def test_boxes_stay_within_the_image(self) -> None:
        (face,) = find(picture("barack_obama/obama_partial_face.jpg"))

        assert face.box[0] == 0

    def test_the_surest_comes_first(self) -> None:
        scores = [each.score for each in find(picture("_group/sample5.jpg"))]

        assert len(scores) == 5
        assert scores == sorted(scores, reverse=True)

    def test_takes_grey_pictures_and_transparent_ones(self) -> None:
        image = picture("jacinda_ardern/person_b_2.jpg")
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)

        seen_through = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)

        counts = [len(find(each)) for each in (grey, grey[:, :, None], seen_through)]

        assert counts == [1, 1, 1]

    @pytest.mark.parametrize("engine_id", [SFACE, Engine.HOG_DLIB])
    @pytest.mark.parametrize("size", [(1, 1), (15, 900), (16, 16), (12_000, 20), (20, 12_000)])
    def test_bears_tiny_and_narrow_pictures(self, engine_id: str, size: tuple[int, int]) -> None:
        assert find(np.zeros((*size, 3), np.uint8), engine_id) == []

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((40, 40, 3), np.float32),
            np.zeros((0, 40, 3), np.uint8),
            np.zeros((40, 40, 2), np.uint8),
            np.zeros((2, 40, 40, 3), np.uint8),
        ],
    )
    def test_refuses_what_is_no_picture(self, image: Any) -> None:
        with pytest.raises(align.ImageUnusable) as refused:
            find(image)

        assert refused.value.code == "face_image_unusable"


class TestAlign:
    def test_crops_as_the_model_was_taught(self) -> None:
        image = cv2.resize(picture("jacinda_ardern/person_b_2.jpg"), None, fx=0.25, fy=0.25)
        (face,) = find(image)
        row = np.array([*face.box, *face.landmarks.ravel(), face.score], np.float32)
        theirs = cv2.FaceRecognizerSF.create(
            str(engines.files.models_of(SFACE).paths["sface"]), ""
        ).alignCrop(image, row)

        inner = align.crop(image, face.landmarks)[24:136, 24:136]

        assert np.abs(inner.astype(int) - theirs).mean() < 1

    def test_of_a_larger_face_makes_the_same_crop(self) -> None:
        image = picture("rishi_sunak/sunak.jpg")
        (face,) = find(image)
        half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)

        whole, halved = align.crop(image, face.landmarks), align.crop(half, face.landmarks / 2)

        vectors = engine(SFACE).embed([whole, halved])
        assert cosines(vectors)[0, 1] > 0.98

    @pytest.mark.parametrize(
        "points",
        [
            np.zeros((5, 2)),
            np.full((5, 2), np.nan),
            np.full((5, 2), np.inf),
            align.TEMPLATE + 10_000,
            align.TEMPLATE - 10_000,
        ],
        ids=["one point", "nan", "inf", "right of it", "left of it"],
    )
    def test_refuses_points_that_are_no_face_in_it(self, points: Any) -> None:
        with pytest.raises(align.ImageUnusable):
            align.crop(np.zeros((100, 100, 3), np.uint8), points)

    def test_a_face_at_the_border_is_black_beyond(self) -> None:
        crop = align.crop(np.full((112, 112, 3), 200, np.uint8), align.TEMPLATE)

        assert (crop[:23] == 0).all()
        assert (crop[26:134, 26:134] == 200).all()

    def test_a_crop_is_small_and_the_same_for_the_engine(self) -> None:
        crop = crop_of("rishi_sunak/sunak.jpg")

        data = align.encode(crop)

        assert len(data) < 8_000
        assert data[8:12] == b"WEBP"
        assert cosines(engine(SFACE).embed([crop, align.decode(data)]))[0, 1] > 0.98

    @pytest.mark.parametrize("kind", ["cut off", "empty", "noise", "another format", "larger"])
    def test_refuses_crops_that_it_did_not_write(self, kind: str) -> None:
        other = io.BytesIO()
        Image.new("RGB", (160, 160)).save(other, "PNG")
        larger = io.BytesIO()
        Image.new("RGB", (320, 320)).save(larger, "WEBP")
        data = {
            "cut off": align.encode(crop_of("rishi_sunak/sunak.jpg"))[:900],
            "empty": b"",
            "noise": b"RIFF\x00\x01\x00\x00WEBPVP8 " + bytes(range(256)),
            "another format": other.getvalue(),
            "larger": larger.getvalue(),
        }[kind]

        with pytest.raises(align.ImageUnusable):
            align.decode(data)


class TestEmbed:
    @pytest.mark.parametrize("engine_id", engines.ENGINES)
    def test_tells_people_apart_at_the_level_of_a_video(self, engine_id: str) -> None:
        names = [name for person in PEOPLE for name in photographs(person)]
        level = engines.calibration(engine_id).in_video_similarity - 0.01

        vectors = engine(engine_id).embed([crop_of(name) for name in names])

        alike = cosines(vectors)
        assert vectors.shape == (6, 128)
        assert vectors.dtype == np.float32
        for (first, one), (second, other) in itertools.combinations(enumerate(names), 2):
            same = one.split("/")[0] == other.split("/")[0]
            assert (alike[first, second] > level) == same, (one, other)

    def test_the_length_falls_as_a_face_blurs(self) -> None:
        crop = crop_of("rishi_sunak/sunak.jpg")
        blurred = [np.asarray(cv2.GaussianBlur(crop, (0, 0), each), np.uint8) for each in (3, 7)]

        lengths = np.linalg.norm(engine(SFACE).embed([crop, *blurred]), axis=1)

        levels = engines.calibration(SFACE)
        assert lengths[0] > levels.seed_norm
        assert lengths[0] > lengths[1] > lengths[2]
        assert lengths[2] < levels.join_norm

    def test_dlib_sees_in_a_crop_what_face_recognition_sees_in_the_picture(self) -> None:
        import face_recognition

        image = picture("jacinda_ardern/person_b_2.jpg")
        (face,) = find(image, Engine.HOG_DLIB)
        left, top, width, height = (round(value) for value in face.box)
        (theirs,) = face_recognition.face_encodings(
            np.ascontiguousarray(image[:, :, ::-1]), [(top, left + width, top + height, left)]
        )

        (ours,) = engine(Engine.HOG_DLIB).embed([align.crop(image, face.landmarks)])

        assert cosines(np.array([ours, theirs], np.float32))[0, 1] > 0.99

    def test_of_nothing_is_nothing(self) -> None:
        assert engine(SFACE).embed([]).shape == (0, 128)

    def test_refuses_other_sizes(self) -> None:
        with pytest.raises(align.ImageUnusable):
            engine(SFACE).embed([np.zeros((112, 112, 3), np.uint8)])

    def test_an_empty_crop_has_no_person(self) -> None:
        (vector,) = engine(SFACE).embed([np.zeros((160, 160, 3), np.uint8)])

        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) < engines.calibration(SFACE).join_norm


class TestScales:
    @pytest.mark.parametrize("score", [0.05, 0.5, 0.8, 0.9, 0.99])
    def test_a_score_and_its_distance_are_one(self, score: float) -> None:
        assert hog.score_of(hog.margin_of(score)) == pytest.approx(score)

    def test_face_recognition_draws_its_line_at_the_default(self) -> None:
        assert hog.margin_of(0.8) == pytest.approx(0)

    def test_dlibs_places_and_ours_are_one(self) -> None:
        mean = chips.points_by(chips._TO_TEMPLATE, chips._MEAN)

        assert chips.landmarks_of(mean) == pytest.approx(align.TEMPLATE, abs=0.01)
        assert chips.FACE == (47, 61, 114, 128)

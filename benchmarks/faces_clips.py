"""Clips with known people in them, made from labelled stills: shots of some seconds with cuts,
zooms, pans, blur and bad light, and some with nobody. Heads turn and nod in them."""

import math
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 1280, 720
_ROOM = 1.2  # of a face's size, that is kept around it
_PLACES = ((0.28, 0.5), (0.72, 0.5))
_GRAIN, _STEP_PX = 24, 37  # pieces of noise, and how far they lie apart
_POSES = 16  # of a head in a shot, one after the other
_POSE_S = 0.15
_TURN, _NOD = math.radians(16), math.radians(8)  # at most
_REACH = 0.8  # of a head that turns, in sizes of the face


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a person, and where the face is in it: left, top, width, height in parts."""

    person: str
    path: Path
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Shot:
    seconds: float
    stills: tuple[Still, ...]
    sizes_px: tuple[int, ...]  # of the faces' height
    zoom: float
    pan: float
    blur: float
    light: float
    begins: tuple[float, ...]  # with which pose of theirs, as an angle


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    people: frozenset[str]
    shots: tuple[Shot, ...]

    @property
    def truth(self) -> Mapping[str, Any]:
        """As it goes into the report."""
        return {
            "file": self.path.name,
            "shots": [
                {"seconds": shot.seconds, "people": [one.person for one in shot.stills],
                 "face_px": list(shot.sizes_px), "blur": shot.blur, "light": shot.light}
                for shot in self.shots
            ],
        }  # fmt: skip


def plan(
    stills: Sequence[Still], *, seed: int, seconds: float,
    shot_s: tuple[float, float] = (2, 5), together: Sequence[int] = (1, 1, 2), most: int = 3,
) -> tuple[Shot, ...]:  # fmt: skip
    """Shots of two to five seconds, every fifth with nobody; small, blurred and dark faces too.

    ``together``: how many people are seen at once, by chance; ``most``: how many there are.
    """
    chance = random.Random(seed)
    people = sorted({still.person for still in stills})
    cast = chance.sample(people, min(most, len(people)))
    shots: list[Shot] = []
    while sum(shot.seconds for shot in shots) < seconds:
        count = 0 if len(shots) % 5 == 3 else chance.choice(together)
        seen = chance.sample(cast, min(count, len(cast)))
        shots.append(
            Shot(
                chance.uniform(*shot_s),
                tuple(chance.choice([one for one in stills if one.person == who]) for who in seen),
                tuple(round(chance.triangular(60, 260, 130)) for _ in seen),
                zoom=chance.uniform(1.0, 1.2), pan=chance.uniform(-40, 40),
                blur=chance.choice((0, 0, 0, 1.5)), light=chance.uniform(0.6, 1.1),
                begins=tuple(chance.uniform(0, 2 * math.pi) for _ in seen),
            )
        )  # fmt: skip
    return tuple(shots)


def make(
    path: Path, shots: Sequence[Shot], *, ffmpeg: str, fps: int, gop_s: float
) -> Made:  # fmt: skip
    """Encode the shots as H.264; key frames at cuts and each ``gop_s``, as encoders do."""
    return make_each({path: gop_s}, shots, ffmpeg=ffmpeg, fps=fps)[0]


def make_each(
    gops_s: Mapping[Path, float], shots: Sequence[Shot], *, ffmpeg: str, fps: int
) -> list[Made]:
    """The same more than once, with key frames as far apart as it says."""
    encoders = [
        subprocess.Popen(_encoding(path, ffmpeg=ffmpeg, fps=fps, gop_s=gop_s),
                         stdin=subprocess.PIPE)
        for path, gop_s in gops_s.items()
    ]  # fmt: skip
    for shot in shots:
        for frame in _frames(shot, fps):
            for encoder in encoders:
                assert encoder.stdin
                encoder.stdin.write(frame.data)
    for encoder in encoders:
        encoder.communicate()
        assert encoder.returncode == 0
    people = frozenset(still.person for shot in shots for still in shot.stills)
    return [Made(path, people, tuple(shots)) for path in gops_s]


def _encoding(path: Path, *, ffmpeg: str, fps: int, gop_s: float) -> list[str]:
    return [
        ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p",
        "-s", f"{WIDTH}x{HEIGHT}", "-r", str(fps), "-i", "-", "-c:v", "libx264",
        "-preset", "veryfast", "-crf", "21", "-g", str(round(gop_s * fps)), "-threads", "1",
        str(path),
    ]  # fmt: skip


def _frames(shot: Shot, fps: int) -> Iterator[Pixels]:
    """In planes of YUV 4:2:0."""
    scenes = [_scene(shot, pose) for pose in range(_POSES if shot.stills else 1)]
    count = round(shot.seconds * fps)
    wide = WIDTH + _GRAIN * _STEP_PX
    noise = np.random.default_rng(1).integers(0, 6, (HEIGHT, wide, 3), dtype=np.uint8)
    for number in range(count):
        scene = scenes[int(number / fps / _POSE_S) % len(scenes)]
        part = number / max(count - 1, 1)
        zoom = 1 + (shot.zoom - 1) * part
        matrix = np.array([
            [zoom, 0, WIDTH / 2 * (1 - zoom) + shot.pan * part], [0, zoom, HEIGHT / 2 * (1 - zoom)],
        ])  # fmt: skip
        frame = cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        from_px = number % _GRAIN * _STEP_PX
        grained = cv2.add(frame, noise[:, from_px : from_px + WIDTH])
        yield np.asarray(cv2.cvtColor(grained, cv2.COLOR_BGR2YUV_I420), np.uint8)


def _scene(shot: Shot, pose: int) -> Pixels:
    """The people beside each other before a background of soft colours."""
    draw = np.random.default_rng(round(1000 * shot.seconds))
    small = draw.integers(30, 200, (5, 9, 3), dtype=np.uint8)
    scene = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    places = _PLACES if len(shot.stills) > 1 else ((0.5, 0.5),)
    people = zip(shot.stills, shot.sizes_px, shot.begins, places, strict=False)
    for still, size_px, begin, (x, y) in people:
        part = _person(still, size_px, begin + 2 * math.pi * pose / _POSES)
        _paste(scene, part, round(x * WIDTH), round(y * HEIGHT))
    if shot.blur:
        scene = cv2.GaussianBlur(scene, (0, 0), shot.blur)
    return np.asarray(cv2.convertScaleAbs(scene, alpha=shot.light), np.uint8)


def _person(still: Still, size_px: int, pose: float) -> Pixels:
    picture = cv2.imread(str(still.path), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    left, top, across, down = (
        still.box[0] * width, still.box[1] * height, still.box[2] * width, still.box[3] * height,
    )  # fmt: skip
    room = _ROOM * max(across, down)
    begin_x, begin_y = max(round(left - room), 0), max(round(top - room), 0)
    part = picture[begin_y : round(top + down + room), begin_x : round(left + across + room)]
    scale = size_px / down
    size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)
    middle = (left + across / 2 - begin_x) * scale, (top + down / 2 - begin_y) * scale
    reach = _REACH * across * scale, _REACH * down * scale
    return _turned(small, middle, reach, (_TURN * math.sin(pose), _NOD * math.cos(2 * pose)))


def _turned(
    image: Pixels, middle: tuple[float, float], reach: tuple[float, float],
    angles: tuple[float, float],
) -> Pixels:  # fmt: skip
    """A head as if its picture lay on a drum that is turned; what is around it stays."""
    height, width = image.shape[:2]
    x, y = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(width), np.arange(height)))
    across, down = (x - middle[0]) / reach[0], (y - middle[1]) / reach[1]
    x += reach[0] * _shift(across, angles[0]) * _fading(down)
    y += reach[1] * _shift(down, angles[1]) * _fading(across)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT), np.uint8)


def _shift(at: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    within = np.clip(at, -1, 1)
    return (np.sin(np.arcsin(within) - angle) - within) * _fading(at)


def _fading(at: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 on the head, 0 well beside it."""
    return np.clip((1.5 - np.abs(at)) / 0.5, 0, 1)


def _paste(scene: Any, part: Pixels, x: int, y: int) -> None:
    """Its middle there; what lies outside is left out."""
    top, left = y - part.shape[0] // 2, x - part.shape[1] // 2
    rows = slice(max(top, 0), min(top + part.shape[0], HEIGHT))
    columns = slice(max(left, 0), min(left + part.shape[1], WIDTH))
    scene[rows, columns] = part[rows.start - top : rows.stop - top,
                                columns.start - left : columns.stop - left]  # fmt: skip

"""Clips with known people in them, made from labelled stills: shots of some seconds with cuts,
zooms, pans, blur and bad light, and some with nobody."""

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


def plan(stills: Sequence[Still], *, seed: int, seconds: float) -> tuple[Shot, ...]:
    """Shots of two to five seconds, every fifth with nobody; small, blurred and dark faces too."""
    chance = random.Random(seed)
    people = sorted({still.person for still in stills})
    cast = chance.sample(people, min(3, len(people)))
    shots: list[Shot] = []
    while sum(shot.seconds for shot in shots) < seconds:
        count = 0 if len(shots) % 5 == 3 else chance.choice((1, 1, 2))
        seen = chance.sample(cast, min(count, len(cast)))
        shots.append(
            Shot(
                chance.uniform(2, 5),
                tuple(chance.choice([one for one in stills if one.person == who]) for who in seen),
                tuple(round(chance.triangular(60, 260, 130)) for _ in seen),
                zoom=chance.uniform(1.0, 1.2), pan=chance.uniform(-40, 40),
                blur=chance.choice((0, 0, 0, 1.5)), light=chance.uniform(0.6, 1.1),
            )
        )  # fmt: skip
    return tuple(shots)


def make(
    path: Path, shots: Sequence[Shot], *, ffmpeg: str, fps: int, gop_s: float
) -> Made:  # fmt: skip
    """Encode the shots as H.264; key frames at cuts and each ``gop_s``, as encoders do."""
    command = [
        ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24",
        "-s", f"{WIDTH}x{HEIGHT}", "-r", str(fps), "-i", "-", "-c:v", "libx264",
        "-preset", "veryfast", "-crf", "21", "-g", str(round(gop_s * fps)),
        "-pix_fmt", "yuv420p", "-threads", "1", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for shot in shots:
            for frame in _frames(shot, fps):
                process.stdin.write(frame.tobytes())
        process.stdin.close()
    assert process.returncode == 0
    people = frozenset(still.person for shot in shots for still in shot.stills)
    return Made(path, people, tuple(shots))


def repeat(path: Path, target: Path, *, times: int, ffmpeg: str) -> None:
    """The same, so many times on end, without encoding it again."""
    command = [
        ffmpeg, "-v", "error", "-y", "-stream_loop", str(times - 1), "-i", str(path), "-c", "copy",
        str(target),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def _frames(shot: Shot, fps: int) -> Iterator[Pixels]:
    scene = _scene(shot)
    count = round(shot.seconds * fps)
    noise = np.random.default_rng(1).integers(0, 6, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for number in range(count):
        part = number / max(count - 1, 1)
        zoom = 1 + (shot.zoom - 1) * part
        matrix = np.array([
            [zoom, 0, WIDTH / 2 * (1 - zoom) + shot.pan * part], [0, zoom, HEIGHT / 2 * (1 - zoom)],
        ])  # fmt: skip
        frame = cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        yield np.asarray(cv2.add(frame, np.roll(noise, 37 * number, axis=1)), np.uint8)


def _scene(shot: Shot) -> Pixels:
    """The people beside each other before a background of soft colours."""
    draw = np.random.default_rng(round(1000 * shot.seconds))
    small = draw.integers(30, 200, (5, 9, 3), dtype=np.uint8)
    scene = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    places = _PLACES if len(shot.stills) > 1 else ((0.5, 0.5),)
    for still, size_px, (x, y) in zip(shot.stills, shot.sizes_px, places, strict=False):
        _paste(scene, _person(still, size_px), round(x * WIDTH), round(y * HEIGHT))
    if shot.blur:
        scene = cv2.GaussianBlur(scene, (0, 0), shot.blur)
    return np.asarray(cv2.convertScaleAbs(scene, alpha=shot.light), np.uint8)


def _person(still: Still, size_px: int) -> Pixels:
    picture = cv2.imread(str(still.path), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    left, top, across, down = (
        still.box[0] * width, still.box[1] * height, still.box[2] * width, still.box[3] * height,
    )  # fmt: skip
    room = _ROOM * max(across, down)
    part = picture[
        max(round(top - room), 0) : round(top + down + room),
        max(round(left - room), 0) : round(left + across + room),
    ]
    scale = size_px / down
    size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)


def _paste(scene: Any, part: Pixels, x: int, y: int) -> None:
    """Its middle there; what lies outside is left out."""
    top, left = y - part.shape[0] // 2, x - part.shape[1] // 2
    rows = slice(max(top, 0), min(top + part.shape[0], HEIGHT))
    columns = slice(max(left, 0), min(left + part.shape[1], WIDTH))
    scene[rows, columns] = part[rows.start - top : rows.stop - top,
                                columns.start - left : columns.stop - left]  # fmt: skip

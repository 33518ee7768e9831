"""Looks through one file: frames, faces, tracks."""

import io
import os
import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.faces.engines import FaceEngine, align
from apps.faces.engines.align import ImageUnusable
from apps.faces.finding.look import compared, seen_in
from apps.faces.finding.messages import FindRequest, FindWay, Found
from apps.faces.finding.people import People
from apps.faces.finding.tracks import track_of
from apps.faces.finding.walk import Clock, fit, walk
from apps.ffmpeg.av_probe import PyAVUnable
from apps.ffmpeg.frames.opening import open_video
from apps.ffmpeg.frames.video import BROKEN
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import Source, open_source

Told = Callable[[int, int], None]

_MOST_FACES = 12_000  # of one video: some 100 kB each until they are linked
_FEWEST_A_FRAME = 6
_MOST_IN_PICTURE = 12
_PICTURE_BYTES = 30 << 20
_PICTURE_PIXELS = 60_000_000
_PICTURE_PX = 4_096


def find_in_video(request: FindRequest, engine: FaceEngine, told: Told) -> Found:
    """The faces of a video. Raises MediaRefused, OSError."""
    began, search = time.process_time(), _Search(request, engine, told)
    with open_source(request.path) as source:
        source.check_size()
        try:
            search.look(source)
        except (PyAVUnable, *BROKEN) as error:
            raise MediaRefused(Reason.UNDECODABLE) from error
        source.check_unchanged()
        stat = source.stat
    tracks = search.people.tracks()
    return Found(
        engine=engine.id, detector=engine.detector, stat=stat, frames=search.frames,
        faces=search.people.count, tracks=tuple(tracks),
        cpu_ms=round(1000 * (time.process_time() - began)),
        decode_ms=round(1000 * search.clock.seconds),
    )  # fmt: skip


def find_in_image(path: bytes, way: FindWay, engine: FaceEngine) -> Found:
    """The faces of a picture, a track each, the largest first. Raises MediaRefused, OSError."""
    began = time.process_time()
    with open_source(path) as source:
        picture, stat = _Still(_pixels(source)), source.stat
    seen = seen_in(picture, engine, way, frame=0, most=_MOST_IN_PICTURE)
    faces = [face for one in seen if (face := compared(one, engine, way, picture.whole))]
    return Found(
        engine=engine.id, detector=engine.detector, stat=stat, frames=1, faces=len(faces),
        tracks=tuple(track_of([face]) for face in faces),
        cpu_ms=round(1000 * (time.process_time() - began)),
    )  # fmt: skip


def embed(crops: Sequence[bytes], engine: FaceEngine) -> list[NDArray[np.float32] | None]:
    """A vector of each kept crop, as long as the engine can tell of it; None where it can't be
    read."""
    return [_embedded(crop, engine) for crop in crops]


class _Search:
    """What one video has shown so far. It says that it lives, and how far it is."""

    def __init__(self, request: FindRequest, engine: FaceEngine, told: Told) -> None:
        self._request, self._engine, self._told = request, engine, told
        self._at = (0, 0)
        self.people = People(engine, request.way, beat=self._beat)
        self.frames = 0
        self.clock = Clock()

    def look(self, source: Source) -> None:
        """Raises MediaRefused, PyAVUnable and BROKEN."""
        path, way = self._request.path, self._request.way
        most = max(_FEWEST_A_FRAME, _MOST_FACES // (2 * way.frames))
        with open_video(path, head=source.read_head(), beat=self._beat) as video:
            if video.is_picture:
                raise MediaRefused(Reason.NO_PICTURE)
            pictures = walk(
                video, frames=way.frames, gap_ms=way.gap_ms, clock=self.clock,
                duration_ms=self._request.duration_ms, told=self._arrived,
            )  # fmt: skip
            for picture in pictures:
                room = min(most, _MOST_FACES - self.people.met)
                seen = seen_in(picture, self._engine, way, frame=self.frames, most=room)
                self.people.meet(seen, picture)
                self.frames += 1

    def _arrived(self, done: int, total: int) -> None:
        self._at = done, total
        self._beat()

    def _beat(self) -> None:
        self._told(*self._at)


def _embedded(crop: bytes, engine: FaceEngine) -> NDArray[np.float32] | None:
    try:
        vector: NDArray[np.float32] = engine.embed([align.decode(crop)])[0]
    except ImageUnusable:
        return None
    return vector


class _Still:
    """A picture that is no video's."""

    at_ms = 0

    def __init__(self, whole: NDArray[np.uint8]) -> None:
        self.whole = whole

    def small(self, side_px: int) -> NDArray[np.uint8]:
        height, width = self.whole.shape[:2]
        size = fit((width, height), side_px)
        if size == (width, height):
            return self.whole
        return np.asarray(cv2.resize(self.whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pixels(source: Source) -> NDArray[np.uint8]:
    """In blue, green and red, turned as it says. Raises MediaRefused."""
    if source.stat.size > _PICTURE_BYTES:
        raise MediaRefused(Reason.NOT_MEDIA)
    data = os.pread(source.fd, _PICTURE_BYTES, 0)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as picture:
            if picture.width * picture.height > _PICTURE_PIXELS:
                raise MediaRefused(Reason.OUT_OF_MEMORY)
            picture.draft("RGB", (_PICTURE_PX, _PICTURE_PX))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((_PICTURE_PX, _PICTURE_PX))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise MediaRefused(Reason.NOT_MEDIA) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaRefused(Reason.DAMAGED) from error
    return np.ascontiguousarray(np.asarray(upright, np.uint8)[:, :, ::-1])

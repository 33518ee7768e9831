"""Makes what is wished for of a video's picture by PyAV, from as little decoding as will do."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from av.video.frame import VideoFrame

from apps.ffmpeg.av_probe import PyAVUnable
from apps.ffmpeg.frames.choice import Cover
from apps.ffmpeg.frames.hardware import by_hardware
from apps.ffmpeg.frames.hashing import Hash
from apps.ffmpeg.frames.opening import open_video
from apps.ffmpeg.frames.preview import make_preview
from apps.ffmpeg.frames.sprite import Sprite
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import CoverOptions, PreviewOptions, SpriteOptions
from apps.ffmpeg.work import Work

_T = TypeVar("_T")


class _Pass:
    """Makers of what is wished for; each that fails is put into ``failed`` and left out."""

    def __init__(self, video: Video, work: Work) -> None:
        self.video = video
        self.work = work
        self.failed: list[Made] = []
        self.hash = self._maker("phash", lambda _: Hash(video))
        self.sprite = self._maker("sprite", lambda o: Sprite(video, SpriteOptions(**o)))
        self.cover = self._maker("cover", lambda o: Cover(video, CoverOptions(**o)))

    def run(self) -> Iterator[Made]:
        self._walk()
        if (found := self.hash) is not None:
            yield self._end("phash", found.finish)
        if (sprite := self.sprite) is not None:
            yield self._end("sprite", lambda: sprite.finish(self.work.folder))
        if (cover := self.cover) is not None:
            yield self._end("cover", lambda: self._cover(cover))
        if "preview" in self.work.wishes:
            yield self._end("preview", self._preview)
        yield from self.failed

    def _maker(self, kind: str, make: Callable[[dict[str, Any]], _T]) -> _T | None:
        if kind not in self.work.wishes:
            return None
        if self.video.is_picture and kind != "cover":
            self.failed.append(_failed(kind, MediaRefused(Reason.NO_PICTURE)))
            return None
        try:
            return make(self.work.wishes[kind])
        except MediaRefused as error:
            self.failed.append(_failed(kind, error))
            return None

    def _walk(self) -> None:
        """Decode on through the times that hash and sprite want; the cover looks at all of it."""
        if self.sprite is not None:
            for key_frame in self.sprite.by_key_frames():
                self._offer(key_frame)
        hash_times = self.hash.times_us if self.hash else []
        tile_times = self.sprite.times_us if self.sprite else []
        stops = [(at, True) for at in hash_times] + [(at, False) for at in tile_times]
        for at_us, is_for_hash in sorted(stops):
            try:
                frame, is_it = self.video.frame_at(at_us)
            except (*BROKEN, LookupError):
                frame, is_it = None, False
            self._take(frame, is_it=is_it, is_for_hash=is_for_hash)

    def _take(self, frame: VideoFrame | None, *, is_it: bool, is_for_hash: bool) -> None:
        if is_for_hash and self.hash is not None:
            self.hash.take(frame, is_it=is_it)
        elif self.sprite is not None:
            self.sprite.take(frame)
        if frame is not None and (is_for_hash or self.hash is None):
            self._offer(frame)

    def _offer(self, frame: VideoFrame) -> None:
        if self.cover is not None and self.cover.wants_more:
            self.cover.offer(frame)

    def _cover(self, cover: Cover) -> Made:
        if not cover.wants_more or cover.has_none:
            cover.look()
        return cover.finish(self.work.folder)

    def _preview(self) -> Made:
        if self.video.is_picture:
            raise MediaRefused(Reason.NO_PICTURE)
        options = PreviewOptions(**self.work.wishes["preview"])
        with by_hardware(self.video, self.work.path, self.work.head) as quick:
            if quick is not None:
                with suppress(MediaRefused, *BROKEN):
                    return make_preview(quick, options, self.work.folder)
        return make_preview(self.video, options, self.work.folder)

    def _end(self, kind: str, make: Callable[[], Made]) -> Made:
        try:
            return make()
        except MediaRefused as error:
            return _failed(kind, error)
        except MemoryError:
            return _failed(kind, MediaRefused(Reason.OUT_OF_MEMORY))
        except (*BROKEN, LookupError) as error:
            return _failed(kind, MediaRefused(Reason.UNDECODABLE, _short(error)))


def make(work: Work) -> Iterator[Made]:
    """A Made for each wish. Raises MediaRefused if the file can't be opened."""
    try:
        with open_video(work.path, head=work.head, beat=work.beat) as video:
            yield from _Pass(video, work).run()
    except PyAVUnable:
        for kind in work.wishes:
            yield _failed(kind, MediaRefused(Reason.UNDECODABLE))


def _failed(kind: str, error: MediaRefused) -> Made:
    return Made(kind=kind, error=error.code, message=str(error))


def _short(error: BaseException) -> str:
    return str(getattr(error, "strerror", "") or "")[:80]

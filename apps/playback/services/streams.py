"""The bytes of a video's file, for players that can use it as it is."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import ExitStack
from typing import TypeVar

from django.conf import settings

from apps.core.errors import MediaHubError
from apps.core.ranges import Span
from apps.disk.reader import DiskSilent
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import Source, open_source
from apps.library.choices import LibraryState
from apps.library.models import File, Video

T = TypeVar("T")
_CHUNK_BYTES = 1 << 19
_READERS = 4  # threads a library; what a dead share holds of them is lost to that library alone
_readers: dict[int, ThreadPoolExecutor] = {}
_SILENT = "The disk or network share does not answer."


class FileAway(MediaHubError):
    """The file isn't there: it is missing, or there never was one."""

    code = "file_away"
    status = 404


class LibraryAway(MediaHubError):
    """The file's library can't be reached now."""

    code = "library_away"
    status = 503
    passing = True


def file_of(video: Video, *, file_id: int | None = None) -> File:
    """The file to play: that one of the video's files, else the primary one, else one that is
    there. Raises FileAway."""
    files = video.files.select_related("library", "folder")
    if file_id is not None:
        chosen: File | None = files.filter(pk=file_id).first()
        if chosen is None:
            raise FileAway("This video has no such file.")
    else:
        there = files.present().order_by("pk")
        primary = there.filter(pk=video.primary_file_id).first()
        chosen = primary or there.first() or files.first()
    if chosen is None:
        raise FileAway("This video has no file.")
    if chosen.missing_since is not None:
        raise FileAway("The file was gone when its library was scanned last.")
    return chosen


class OpenFile:
    """A file that is open for sending; reads in its library's own threads. Close it."""

    def __init__(self, file: File) -> None:
        """Raises FileAway, LibraryAway and DiskSilent."""
        self._file = file
        self._stack = ExitStack()
        self._threads = _threads_of(file.library_id)
        self._source = self._open()

    @property
    def size(self) -> int:
        return self._source.stat.size

    @property
    def path(self) -> bytes:
        return self._source.path

    @property
    def etag(self) -> str:
        """Strong: another content has another one."""
        stat = self._source.stat
        return f'"{self._file.content or self._file.pk}-{stat.size:x}-{stat.mtime_ns:x}"'

    @property
    def modified_at(self) -> float:
        return self._source.stat.mtime_ns / 1e9

    def close(self) -> None:
        """In a thread as well: a dead share makes closing wait, too."""
        self._threads.submit(self._stack.close)

    def chunks(self, span: Span) -> Iterator[bytes]:
        """Those bytes, piece by piece. Raises DiskSilent and OSError."""
        at = span.start
        while part := self._answer(self._read(at, span.end)):
            at += len(part)
            yield part

    async def chunks_later(self, span: Span) -> AsyncIterator[bytes]:
        """The same for the event loop; the next piece is read while one is sent."""
        at, patience_s = span.start, settings.MEDIAHUB_DISK_TIMEOUT_SECONDS
        coming = asyncio.wrap_future(self._read(at, span.end))
        while part := await asyncio.wait_for(coming, patience_s):
            at += len(part)
            coming = asyncio.wrap_future(self._read(at, span.end))
            yield part

    def _read(self, at: int, end: int) -> Future[bytes]:
        return self._threads.submit(os.pread, self._source.fd, min(end - at, _CHUNK_BYTES), at)

    def _open(self) -> Source:
        path = self._file.location
        try:
            future = self._threads.submit(self._stack.enter_context, open_source(path))
            return self._answer(future)
        except MediaRefused as error:
            raise _refusal(error, self._file) from error
        except TookTooLong as error:
            future.add_done_callback(lambda _: self._stack.close())
            raise DiskSilent(_SILENT) from error

    def _answer(self, future: "Future[T]") -> T:
        return future.result(timeout=settings.MEDIAHUB_DISK_TIMEOUT_SECONDS)


def _threads_of(library_id: int) -> ThreadPoolExecutor:
    name = f"stream-{library_id}"
    made = ThreadPoolExecutor(_READERS, thread_name_prefix=name)
    return _readers.setdefault(library_id, made)


def _refusal(error: MediaRefused, file: File) -> MediaHubError:
    if file.library.state == LibraryState.OFFLINE:
        return LibraryAway(f"The library can't be reached: {file.library.state_detail}")
    if error.reason is Reason.READ_ERROR:
        return LibraryAway(str(error))
    return FileAway(str(error))

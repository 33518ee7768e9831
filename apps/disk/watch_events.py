"""From the kernel's events to what has changed below a root."""

import errno
import os
from collections import deque
from contextlib import suppress
from enum import Enum, auto
from typing import Self

from inotify_simple import INotify, flags  # type: ignore[import-untyped]

from apps.disk.rules import Rules
from apps.disk.walk import Entry
from apps.disk.watch_settle import Settling
from apps.disk.watch_tree import WatchTree

_MASK = (
    flags.CREATE | flags.MODIFY | flags.ATTRIB | flags.CLOSE_WRITE | flags.DELETE
    | flags.MOVED_FROM | flags.MOVED_TO
    | flags.ONLYDIR | flags.DONT_FOLLOW | flags.EXCL_UNLINK
)  # fmt: skip
_ROOT_MASK = _MASK | flags.DELETE_SELF | flags.MOVE_SELF
_PAIR_S = 0.5  # the halves of a rename follow each other; without the other it led out of the tree
_FOLDERS_AT_ONCE = 200
_RECENT_S = 60.0
_TOO_MANY = (errno.ENOSPC, errno.ENOMEM)
_REGULAR = 0o10


class Overflow(Exception):
    """The kernel has dropped events: anything may have changed."""


class RootLost(Exception):
    """What was watched isn't at the root's path any more. The text says what became of it."""


class _News(Enum):
    """Why a folder is being listed."""

    NONE = auto()  # the beginning: a scan looks at the files
    CREATED = auto()  # files in it may have come before the watch
    MOVED = auto()  # it is told as a whole


class Watches:
    """Watches on all folders below ``root`` that the rules don't leave out; a context manager.

    ``limited`` says that the kernel allows no more of them; from then on folders are only counted.
    """

    def __init__(self, root: bytes, rules: Rules, settling: Settling) -> None:
        """Raises OSError (EMFILE: the kernel allows this user no more inotify instances)."""
        self._root, self._rules, self._settling = root, rules, settling
        self.inotify = INotify()
        self.tree = WatchTree()
        self.limited = False
        self._unwatched = 0
        self._to_list: deque[tuple[bytes, _News]] = deque([(b"", _News.NONE)])
        self._left: dict[int, tuple[float, bytes, bool]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.inotify.close()

    @property
    def complete(self) -> bool:
        """Whether all folders that are known are watched, or counted."""
        return not self._to_list

    @property
    def folders(self) -> int:
        """How many watches it takes, as far as is known."""
        return len(self.tree) + self._unwatched

    def next_due(self) -> float | None:
        """When to call ``read`` although nothing has happened."""
        return min((due for due, *_ in self._left.values()), default=None)

    def grow(self, *, now: float, wall: float) -> None:
        """Watch some of the folders that are waiting for it: first the watch, then the listing."""
        for _ in range(min(_FOLDERS_AT_ONCE, len(self._to_list))):
            path, news = self._to_list.popleft()
            if self._add(path):
                self._list(path, news, now, wall)

    def read(self, *, now: float) -> None:
        """Take in what has happened. Raises Overflow and RootLost."""
        for watch, mask, cookie, name in self.inotify.read(timeout=0):
            if mask & flags.Q_OVERFLOW:
                raise Overflow
            folder = self.tree.path_of(watch)
            if folder is None:
                continue
            if not name:
                self._about_itself(folder, watch, mask, now)
                continue
            part = os.fsencode(name)
            path = folder + b"/" + part if folder else part
            if mask & flags.ISDIR:
                self._folder_event(path, mask, cookie, now)
            else:
                self._file_event(path, mask, cookie, now, wanted=self._wants(folder, part))
        self._give_up_pairs(now)

    def _add(self, path: bytes) -> bool:
        if self.limited:
            self._unwatched += 1
            return True
        mask = _MASK if path else _ROOT_MASK
        try:
            watch = self.inotify.add_watch(os.path.join(self._root, path), mask)
        except OSError as error:
            if error.errno in _TOO_MANY:
                self.limited, self._unwatched = True, 1
                return True
            if not path:
                raise RootLost(error.strerror or "can't be read") from error
            return False  # went away meanwhile, or may not be read: a scan says so
        self.tree.place(path, watch)
        return True

    def _list(self, path: bytes, news: _News, now: float, wall: float) -> None:
        try:
            with os.scandir(os.path.join(self._root, path)) as entries:
                for entry in entries:
                    below = path + b"/" + entry.name if path else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if not self._rules.skips_folder(below):
                            self._to_list.append((below, news))
                    elif self._is_news(path, entry, news, wall):
                        self._settling.found(below, now=now)
        except OSError:
            return  # as in _add

    def _is_news(self, folder: bytes, entry: os.DirEntry[bytes], news: _News, wall: float) -> bool:
        if news is _News.NONE or not self._wants(folder, entry.name):
            return False
        return news is _News.CREATED or _is_recent(entry, wall)

    def _about_itself(self, folder: bytes, watch: int, mask: int, now: float) -> None:
        if mask & flags.UNMOUNT:
            if not folder:
                raise RootLost("was unmounted")
            self._settling.folder(folder, now=now)
        if not folder and mask & (flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED):
            raise RootLost("was renamed" if mask & flags.MOVE_SELF else "was deleted")
        if mask & flags.IGNORED:
            self.tree.forget(watch)

    def _folder_event(self, path: bytes, mask: int, cookie: int, now: float) -> None:
        skipped = self._rules.skips_folder(path)
        if mask & flags.MOVED_FROM:
            self._left[cookie] = (now + _PAIR_S, path, True)
        elif mask & flags.MOVED_TO:
            self._folder_came(self._left.pop(cookie, None), path, now)
        elif mask & flags.CREATE and not skipped:
            self._to_list.append((path, _News.CREATED))
        elif mask & flags.DELETE and not skipped:
            self._drop(path)
            self._settling.folder(path, now=now)
        elif mask & flags.ATTRIB and not skipped and not self.tree.has(path):
            self._to_list.append((path, _News.MOVED))  # it can be read now, it seems
            self._settling.folder(path, now=now)

    def _folder_came(self, left: tuple[float, bytes, bool] | None, path: bytes, now: float) -> None:
        old = left[1] if left else None
        if self._rules.skips_folder(path):
            if old is not None:
                self._drop(old)
                self._settling.folder(old, now=now)
            return
        if old is None:
            self._settling.folder(path, now=now)
        else:
            self._unwatch(self.tree.move(old, path))
            self._settling.folder_renamed(old, path, now=now)
        self._to_list.append((path, _News.MOVED))  # whatever of it isn't watched yet

    def _file_event(self, path: bytes, mask: int, cookie: int, now: float, *, wanted: bool) -> None:
        if mask & flags.MOVED_TO and cookie in self._left:
            _, old, _ = self._left.pop(cookie)
            if wanted:
                self._settling.renamed(old, path, now=now, tell_old=True)
            else:
                self._settling.gone(old, now=now)
        elif not wanted:
            return
        elif mask & flags.MOVED_FROM:
            self._left[cookie] = (now + _PAIR_S, path, False)
        elif mask & flags.MOVED_TO:
            self._settling.renamed(None, path, now=now)
        elif mask & flags.DELETE:
            self._settling.gone(path, now=now)
        elif mask & flags.CLOSE_WRITE:
            self._settling.closed(path, now=now)
        else:
            opened = bool(mask & (flags.CREATE | flags.MODIFY))
            self._settling.written(path, now=now, opened=opened)

    def _give_up_pairs(self, now: float) -> None:
        """What left and didn't come again within a moment has left the tree."""
        for cookie in [cookie for cookie, (due, *_) in self._left.items() if due <= now]:
            _, path, is_folder = self._left.pop(cookie)
            if not is_folder:
                self._settling.gone(path, now=now - _PAIR_S)
            elif not self._rules.skips_folder(path):
                self._drop(path)
                self._settling.folder(path, now=now - _PAIR_S)

    def _drop(self, path: bytes) -> None:
        self._unwatch(self.tree.remove(path))

    def _unwatch(self, watches: list[int]) -> None:
        for watch in watches:
            with suppress(OSError):  # gone with its folder
                self.inotify.rm_watch(watch)

    def _wants(self, folder: bytes, name: bytes) -> bool:
        """Whether a regular file of this name would be taken in."""
        return not self._rules.refusal(folder, Entry(name, 0, 0, 0, 0, _REGULAR))


def _is_recent(entry: os.DirEntry[bytes], wall: float) -> bool:
    try:
        return wall - entry.stat(follow_symlinks=False).st_mtime < _RECENT_S
    except OSError:
        return False

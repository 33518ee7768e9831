"""A read-only file system that shows another folder, and hangs or fails as it is told.

``python -m tests.rigs.fuse SOURCE MOUNTPOINT`` speaks the kernel's FUSE protocol itself, so that
nothing has to be installed. It takes orders as lines of JSON on stdin, ``[mode, path, after]``, and
answers each with ``ok``: from the ``after``-th request below ``path`` on it does as ``mode`` says:

- ``hang``: doesn't answer; who waits can be killed (a network share whose server is away).
- ``stuck``: doesn't answer, and who waits can't even be killed (a disk that died).
- the name of an error, as in ``EIO``: answers with it.
- ``heal``: answers what waits and all that comes.

When it is killed the mount stays, and every request fails with ENOTCONN.
"""

import ctypes
import errno
import json
import os
import select
import stat
import struct
import sys
from contextlib import suppress
from typing import NamedTuple

_LOOKUP, _FORGET, _GETATTR, _OPEN, _READ, _STATFS, _RELEASE = 1, 2, 3, 14, 15, 17, 18
_FLUSH, _INIT, _OPENDIR, _READDIR, _RELEASEDIR, _INTERRUPT, _BATCH_FORGET = (
    25, 26, 27, 28, 29, 36, 42,
)  # fmt: skip
_UNANSWERED = {_FORGET, _BATCH_FORGET}
_HEADER = struct.Struct("=IIQQIIII")
_MOST_BYTES = 128 * 1024
_READ_ONLY = 0x1 | 0x2 | 0x4  # MS_RDONLY | MS_NOSUID | MS_NODEV
_DIRECT_IO = 1


class Request(NamedTuple):
    """What the kernel asks."""

    code: int
    number: int
    node: int
    body: bytes


class Fault(NamedTuple):
    """What to do instead of answering."""

    mode: str
    below: bytes
    after: int


class Server:
    """Answers the kernel for one mount."""

    def __init__(self, source: bytes, device: int) -> None:
        self._device = device
        self._nodes = {1: source}
        self._known = {source: 1}
        self._root = source
        self._open: dict[int, object] = {}
        self._fault: Fault | None = None
        self._seen = 0
        self._held: dict[int, Request] = {}

    def serve(self) -> None:
        """Until the mount is gone or stdin is closed."""
        while True:
            ready, _, _ = select.select([self._device, 0], [], [])
            if 0 in ready and not self._take_order():
                return
            if self._device in ready and not self._take_request():
                return

    def _take_order(self) -> bool:
        line = sys.stdin.buffer.readline()
        if not line:
            return False
        mode, below, after = json.loads(line)
        self._fault = None if mode == "heal" else Fault(mode, os.fsencode(below), after)
        self._seen = 0
        if mode == "heal":
            held, self._held = self._held, {}
            for request in held.values():
                self._answer(request)
        print("ok", flush=True)
        return True

    def _take_request(self) -> bool:
        try:
            message = os.read(self._device, _MOST_BYTES + 4096)
        except OSError as error:
            return error.errno in {errno.EINTR, errno.EAGAIN, errno.ENOENT}
        _, code, number, node, *_ = _HEADER.unpack_from(message)
        request = Request(code, number, node, message[_HEADER.size :])
        if code == _INTERRUPT:
            self._interrupt(*struct.unpack_from("=Q", request.body))
        elif code not in _UNANSWERED:
            self._decide(request)
        return True

    def _interrupt(self, number: int) -> None:
        if number in self._held and self._fault and self._fault.mode == "hang":
            del self._held[number]
            self._reply(number, error=errno.EINTR)

    def _decide(self, request: Request) -> None:
        fault = self._fault
        if fault is None or request.code == _INIT or not self._is_below(request, fault.below):
            self._answer(request)
            return
        self._seen += 1
        if self._seen <= fault.after:
            self._answer(request)
        elif fault.mode in {"hang", "stuck"}:
            self._held[request.number] = request
        else:
            self._reply(request.number, error=getattr(errno, fault.mode))

    def _is_below(self, request: Request, below: bytes) -> bool:
        path = self._nodes.get(request.node, b"")
        if request.code == _LOOKUP:
            path = os.path.join(path, request.body.rstrip(b"\0"))
        top = os.path.join(self._root, below) if below else self._root
        return path == top or path.startswith(top.rstrip(b"/") + b"/")

    def _answer(self, request: Request) -> None:
        deed = _DEEDS.get(request.code)
        if deed is None:
            self._reply(request.number, error=errno.ENOSYS)
            return
        try:
            body = deed(self, request)
        except OSError as error:
            self._reply(request.number, error=error.errno or errno.EIO)
        else:
            self._reply(request.number, body)

    def _reply(self, number: int, body: bytes = b"", *, error: int = 0) -> None:
        head = struct.pack("=IiQ", 16 + len(body), -error, number)
        with suppress(FileNotFoundError):  # who asked was killed meanwhile
            os.write(self._device, head + body)

    def _init(self, _request: Request) -> bytes:
        return struct.pack("=IIIIHHIIHH8I", 7, 31, 0, 0, 16, 12, 4096, 1, 1, 0, *[0] * 8)

    def _lookup(self, request: Request) -> bytes:
        path = os.path.join(self._nodes[request.node], request.body.rstrip(b"\0"))
        found = os.lstat(path)
        # another file under the same path is another node
        key = path + b"\0%d" % found.st_ino
        node = self._known.setdefault(key, len(self._nodes) + 1)
        self._nodes[node] = path
        return struct.pack("=QQQQII", node, 0, 0, 0, 0, 0) + _attributes(found)

    def _getattr(self, request: Request) -> bytes:
        return struct.pack("=QII", 0, 0, 0) + _attributes(os.lstat(self._nodes[request.node]))

    def _open_file(self, request: Request) -> bytes:
        handle = os.open(self._nodes[request.node], os.O_RDONLY)
        self._open[handle] = None
        return struct.pack("=QII", handle, _DIRECT_IO, 0)

    def _read(self, request: Request) -> bytes:
        handle, offset, size = struct.unpack_from("=QQI", request.body)
        return os.pread(handle, size, offset)

    def _release(self, request: Request) -> bytes:
        (handle,) = struct.unpack_from("=Q", request.body)
        os.close(handle)
        return b""

    def _open_folder(self, request: Request) -> bytes:
        path = self._nodes[request.node]
        with os.scandir(path) as entries:
            listed = [(e.name, e.inode(), stat.S_IFDIR if e.is_dir() else 0) for e in entries]
        handle = max((n for n in self._open if n >= 1 << 32), default=1 << 32) + 1
        self._open[handle] = listed
        return struct.pack("=QII", handle, 0, 0)

    def _read_folder(self, request: Request) -> bytes:
        handle, offset, size = struct.unpack_from("=QQI", request.body)
        listed = self._open[handle]
        assert isinstance(listed, list)
        body = b""
        for number, (name, inode, kind) in enumerate(listed[offset:], offset + 1):
            entry = struct.pack("=QQII", inode, number, len(name), kind >> 12) + name
            entry += bytes(-len(entry) % 8)
            if len(body) + len(entry) > size:
                break
            body += entry
        return body

    def _release_folder(self, request: Request) -> bytes:
        (handle,) = struct.unpack_from("=Q", request.body)
        del self._open[handle]
        return b""

    def _statfs(self, _request: Request) -> bytes:
        s = os.statvfs(self._root)
        counts = (s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree)
        return struct.pack("=QQQQQIIII6I", *counts, s.f_bsize, 255, s.f_frsize, 0, *[0] * 6)

    def _nothing(self, _request: Request) -> bytes:
        return b""


_DEEDS = {
    _INIT: Server._init, _LOOKUP: Server._lookup, _GETATTR: Server._getattr,
    _OPEN: Server._open_file, _READ: Server._read, _RELEASE: Server._release,
    _FLUSH: Server._nothing, _OPENDIR: Server._open_folder, _READDIR: Server._read_folder,
    _RELEASEDIR: Server._release_folder, _STATFS: Server._statfs,
}  # fmt: skip


def _attributes(s: os.stat_result) -> bytes:
    times = (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)
    seconds, rest = [t // 10**9 for t in times], [t % 10**9 for t in times]
    wide = struct.pack("=QQQqqq", s.st_ino, s.st_size, s.st_blocks, *seconds)
    narrow = (*rest, s.st_mode, s.st_nlink, s.st_uid, s.st_gid, 0, s.st_blksize, 0)
    return wide + struct.pack("=10I", *narrow)


def main(source: bytes, target: bytes) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % device
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"rig", target, b"fuse.rig", _READ_ONLY, options):
        sys.exit(os.strerror(ctypes.get_errno()))
    print("ok", flush=True)
    Server(source, device).serve()


if __name__ == "__main__":
    main(os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]))

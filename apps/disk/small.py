"""Reading small files whole, in the child: what people and programs put beside media files."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence

Beat = Callable[[], None]

# neither a link that leads elsewhere, nor a pipe that waits for somebody
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PART_BYTES = 1 << 20


def contents(beat: Beat, *, paths: Sequence[bytes], most_bytes: int) -> Iterator[bytes | int]:
    """For each path what is in the file, or an errno. EFBIG: it is larger than ``most_bytes``;
    EINVAL: it is no file; ELOOP: it is a link.
    """
    for path in paths:
        try:
            yield _content(beat, path, most_bytes)
        except OSError as error:
            yield error.errno or errno.EIO


def _content(beat: Beat, path: bytes, most_bytes: int) -> bytes:
    fd = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "no file")
        content = bytearray()
        while part := os.read(fd, _PART_BYTES):
            beat()
            content += part
            if len(content) > most_bytes:
                raise OSError(errno.EFBIG, "too large")
        return bytes(content)
    finally:
        os.close(fd)

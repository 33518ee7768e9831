"""Small files are read whole in the child, and nothing else is."""

import errno
import os
from pathlib import Path

from apps.disk.reader import Disk


def test_gives_contents_or_says_what_is_wrong(tmp_path: Path) -> None:
    small, large, link, pipe = (tmp_path / name for name in ("small", "large", "link", "pipe"))
    small.write_bytes(b"abc")
    large.write_bytes(b"x" * 11)
    link.symlink_to(small)
    os.mkfifo(pipe)
    paths = [small, tmp_path / "none", large, link, pipe, tmp_path, small]

    with Disk(timeout_s=10) as disk:
        found = list(disk.contents([os.fsencode(path) for path in paths], most_bytes=10))

    wrong = [errno.ENOENT, errno.EFBIG, errno.ELOOP, errno.EINVAL, errno.EINVAL]
    assert found == [b"abc", *wrong, b"abc"]

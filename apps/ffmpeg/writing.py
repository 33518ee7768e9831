"""Writes the files of artifacts that fit into memory."""

import os

from apps.ffmpeg.messages import MadeFile
from apps.ffmpeg.reasons import MediaRefused, Reason


def write_file(folder: bytes, file: str, content: bytes, *, name: str) -> MadeFile:
    """Write ``content`` to ``file`` in ``folder``, as the artifact's ``name``.

    Raises MediaRefused.
    """
    path = os.path.join(folder, file.encode())
    try:
        with open(path, "wb") as target:
            target.write(content)
    except OSError as error:
        raise MediaRefused(Reason.NOT_WRITTEN, error.strerror or "") from error
    return MadeFile(name=name, path=path, size_bytes=len(content))

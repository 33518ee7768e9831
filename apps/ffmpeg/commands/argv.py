"""From ffmpeg-python's graph to the arguments of a process."""

import os

import ffmpeg

SOURCE = "(source)"
"""Stands for the file that is read: ffmpeg-python takes no name that isn't UTF-8."""

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")


def arguments(program: str, output: ffmpeg.nodes.Stream, *, source: bytes) -> list[str | bytes]:
    """The command for ``output``, with the path ``source`` for SOURCE.

    ``file:`` and the absolute path keep any name from being taken for an option or an address.
    """
    compiled = output.global_args(*_QUIET).compile(cmd=program)
    path = b"file:" + os.path.abspath(source)
    return [path if word == SOURCE else word for word in compiled]

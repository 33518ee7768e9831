"""Key frames of a video, from its container's index: nothing is decoded."""


def seek_points(path: bytes, *, head: bytes) -> tuple[int, ...]:
    """When they are shown, in milliseconds from the file's start on; none without an index.

    Raises MediaRefused.
    """
    raise NotImplementedError

"""The root of every failure that MediaHub foresees."""


class MediaHubError(Exception):
    """A foreseen failure. Its text is one sentence for the user: what was wrong and what to do.

    Subclasses stand beside the function that raises them. ``code`` is for programs and tests;
    ``status`` is the HTTP status with which the API answers. A job that meets a ``passing`` one,
    such as a disk that is away, is tried again later.
    """

    code = "error"
    status = 400
    passing = False


class Conflict(MediaHubError):
    """What was asked contradicts what is there now (a stale edit, work already under way)."""

    code = "conflict"
    status = 409

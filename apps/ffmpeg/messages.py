"""What is asked of a media helper process and what it answers (as JSON: ``message_json``)."""

from dataclasses import dataclass, field
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.wishes import Wishes


@dataclass(frozen=True, slots=True)
class FileStat:
    """What ``stat`` said about the file that was read."""

    size: int
    mtime_ns: int
    inode: int
    device: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """Read the facts and fingerprints of one file.

    ``key`` comes back untouched with the result. ``use_av=False`` asks ffprobe, the reference;
    without ``want_facts`` only fingerprints are read; ``bytes_per_second`` bounds how fast a file
    is read whole, for its MD5. ``timeout_s`` stands in for the pool's own.
    """

    key: Any
    path: bytes
    want_md5: bool = False
    want_facts: bool = True
    use_av: bool = True
    bytes_per_second: int | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """The answer to a ProbeRequest.

    ``error`` is ``""`` or the code of a Reason, ``message`` its sentence. A file that was read but
    isn't media has an error and still its ``stat`` and fingerprints (hex digits; ``""``: none).
    """

    key: Any
    stat: FileStat | None = None
    facts: MediaFacts | None = None
    oshash: str = ""
    content: str = ""
    md5: str = ""
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRequest:
    """Make artifacts from one file: ``wishes`` as in ``apps.ffmpeg.wishes``, by kind.

    Files are written into the existing folder ``folder`` (absolute). ``timeout_s`` bounds how long
    the helper may be silent.
    """

    key: Any
    path: bytes
    folder: bytes
    wishes: Wishes
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file that was written: its name among those of the artifact (``card``), and where."""

    name: str
    path: bytes
    size_bytes: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of one wish. ``data`` is JSON; ``error`` a Reason's code or ``""``."""

    kind: str
    files: tuple[MadeFile, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeResult:
    """The answer to a MakeRequest: one Made for each wish, or an ``error`` for all of them."""

    key: Any
    stat: FileStat | None = None
    made: tuple[Made, ...] = ()
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """Decode a file, ``whole`` or at some places, to see whether it is sound.

    ``want_md5`` reads every byte; ``bytes_per_second`` bounds how fast. ``timeout_s`` bounds how
    long the helper may be silent, not how long the file takes.
    """

    key: Any
    path: bytes
    whole: bool = True
    want_md5: bool = False
    bytes_per_second: int | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """The answer to a VerifyRequest.

    ``damage`` says for people what is wrong with the content (``""``: nothing that can be seen),
    ``bad`` of ``frames`` pieces of picture and sound could not be decoded. With ``error`` the file
    could not be read to its end, and ``damage`` tells nothing. ``whole`` says whether all of it was
    decoded.
    """

    key: Any
    stat: FileStat | None = None
    md5: str = ""
    whole: bool = False
    frames: int = 0
    bad: int = 0
    damage: str = ""
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekPointsRequest:
    """Where a player can enter the video without decoding what comes before."""

    key: Any
    path: bytes
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekPointsResult:
    """The answer to a SeekPointsRequest.

    ``times_ms``: when the key frames of the first video stream are shown, rising, from the start
    of the file on; empty where the container has no index of them.
    """

    key: Any
    times_ms: tuple[int, ...] = ()
    error: str = ""
    message: str = ""


Request = ProbeRequest | VerifyRequest | MakeRequest | SeekPointsRequest
Result = ProbeResult | VerifyResult | MakeResult | SeekPointsResult


_ANSWERS: dict[type[Request], type[Result]] = {
    ProbeRequest: ProbeResult,
    VerifyRequest: VerifyResult,
    MakeRequest: MakeResult,
    SeekPointsRequest: SeekPointsResult,
}


def answer(request: Request, **found: Any) -> Result:
    """The answer to a request with what was found, ``error`` and ``message`` among it."""
    return _ANSWERS[type(request)](key=request.key, **found)

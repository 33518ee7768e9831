"""What is asked of a media helper process and what it answers, as dataclasses and as JSON."""

import base64
from dataclasses import asdict, dataclass
from typing import Any

from apps.ffmpeg.facts import MediaFacts


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


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to write: absolute path, greatest width in pixels, WebP quality 1..100."""

    path: bytes
    max_width: int
    quality: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRequest:
    """Make pictures of one frame: at ``at_ms``, or at a sensible time if that is ``None``."""

    key: Any
    path: bytes
    outputs: tuple[Picture, ...]
    at_ms: int | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture that was written; width and height in pixels."""

    path: bytes
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverResult:
    """The answer to a CoverRequest: size of the frame as displayed, and what was written."""

    key: Any
    width: int | None = None
    height: int | None = None
    at_ms: int | None = None
    files: tuple[WrittenPicture, ...] = ()
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


Request = ProbeRequest | CoverRequest | VerifyRequest
Result = ProbeResult | CoverResult | VerifyResult


_ANSWERS: dict[type[Request], type[Result]] = {
    ProbeRequest: ProbeResult,
    CoverRequest: CoverResult,
    VerifyRequest: VerifyResult,
}


def request_to_json(request: Request) -> dict[str, Any]:
    """For the child; the key stays here."""
    if isinstance(request, ProbeRequest):
        return {
            "do": "probe",
            "path": _encode(request.path),
            "timeout_s": request.timeout_s,
            "want_md5": request.want_md5,
            "want_facts": request.want_facts,
            "bytes_per_second": request.bytes_per_second,
            "use_av": request.use_av,
        }
    if isinstance(request, VerifyRequest):
        wishes = {name: getattr(request, name) for name in request.__slots__ if name != "key"}
        return {"do": "verify", **wishes, "path": _encode(request.path)}
    return {
        "do": "cover",
        "path": _encode(request.path),
        "timeout_s": request.timeout_s,
        "at_ms": request.at_ms,
        "outputs": [[_encode(one.path), one.max_width, one.quality] for one in request.outputs],
    }


def request_from_json(sent: dict[str, Any]) -> Request:
    """In the child."""
    shared = {"key": None, "path": base64.b64decode(sent["path"]), "timeout_s": sent["timeout_s"]}
    if sent["do"] == "probe":
        wanted = {
            name: sent[name] for name in ("want_md5", "want_facts", "use_av", "bytes_per_second")
        }
        return ProbeRequest(**shared, **wanted)
    if sent["do"] == "verify":
        wishes = {name: sent[name] for name in ("whole", "want_md5", "bytes_per_second")}
        return VerifyRequest(**shared, **wishes)
    outputs = tuple(Picture(base64.b64decode(to), w, q) for to, w, q in sent["outputs"])
    return CoverRequest(**shared, outputs=outputs, at_ms=sent["at_ms"])


def result_to_json(result: Result) -> dict[str, Any]:
    """In the child."""
    if isinstance(result, ProbeResult):
        sent = {name: getattr(result, name) for name in result.__slots__}
        sent["stat"] = asdict(result.stat) if result.stat else None
        sent["facts"] = result.facts.to_json() if result.facts else None
        return sent
    if isinstance(result, VerifyResult):
        return asdict(result)
    files = [[_encode(one.path), one.width, one.height, one.size_bytes] for one in result.files]
    return {**asdict(result), "files": files}


def result_from_json(request: Request, sent: dict[str, Any]) -> Result:
    """The answer to ``request``. Raises TypeError, KeyError or ValueError on nonsense."""
    sent = {**sent, "key": request.key}
    if isinstance(request, ProbeRequest):
        stat, facts = sent.pop("stat"), sent.pop("facts")
        return ProbeResult(
            **sent,
            stat=FileStat(**stat) if stat else None,
            facts=MediaFacts.from_json(facts) if facts else None,
        )
    if isinstance(request, VerifyRequest):
        stat = sent.pop("stat")
        return VerifyResult(**sent, stat=FileStat(**stat) if stat else None)
    files = tuple(WrittenPicture(base64.b64decode(to), *sizes) for to, *sizes in sent.pop("files"))
    return CoverResult(**sent, files=files)


def answer(request: Request, **found: Any) -> Result:
    """The answer to a request with what was found, ``error`` and ``message`` among it."""
    return _ANSWERS[type(request)](key=request.key, **found)


def _encode(path: bytes) -> str:
    return base64.b64encode(path).decode("ascii")

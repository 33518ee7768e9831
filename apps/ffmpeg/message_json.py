"""Requests and results of the media helpers as JSON, for the pipe between them and us."""

import base64
from dataclasses import asdict
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.messages import (
    FileStat,
    Made,
    MadeFile,
    MakeRequest,
    MakeResult,
    ProbeRequest,
    ProbeResult,
    Request,
    Result,
    SeekPointsRequest,
    SeekPointsResult,
    VerifyRequest,
    VerifyResult,
)  # fmt: skip


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
    if isinstance(request, MakeRequest):
        return {
            "do": "make",
            "path": _encode(request.path),
            "timeout_s": request.timeout_s,
            "folder": _encode(request.folder),
            "wishes": request.wishes,
        }
    if isinstance(request, SeekPointsRequest):
        return {"do": "seek", "path": _encode(request.path), "timeout_s": request.timeout_s}
    wishes = {name: getattr(request, name) for name in request.__slots__ if name != "key"}
    return {"do": "verify", **wishes, "path": _encode(request.path)}


def request_from_json(sent: dict[str, Any]) -> Request:
    """In the child."""
    shared = {"key": None, "path": base64.b64decode(sent["path"]), "timeout_s": sent["timeout_s"]}
    if sent["do"] == "probe":
        wanted = {
            name: sent[name] for name in ("want_md5", "want_facts", "use_av", "bytes_per_second")
        }
        return ProbeRequest(**shared, **wanted)
    if sent["do"] == "make":
        folder = base64.b64decode(sent["folder"])
        return MakeRequest(**shared, folder=folder, wishes=sent["wishes"])
    if sent["do"] == "seek":
        return SeekPointsRequest(**shared)
    wishes = {name: sent[name] for name in ("whole", "want_md5", "bytes_per_second")}
    return VerifyRequest(**shared, **wishes)


def result_to_json(result: Result) -> dict[str, Any]:
    """In the child."""
    if isinstance(result, ProbeResult):
        sent = {name: getattr(result, name) for name in result.__slots__}
        sent["stat"] = asdict(result.stat) if result.stat else None
        sent["facts"] = result.facts.to_json() if result.facts else None
        return sent
    sent = asdict(result)
    if isinstance(result, MakeResult):
        for file in (file for made in sent["made"] for file in made["files"]):
            file["path"] = _encode(file["path"])
    return sent


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
    if isinstance(request, SeekPointsRequest):
        return SeekPointsResult(**{**sent, "times_ms": tuple(sent["times_ms"])})
    stat = sent.pop("stat")
    sent["stat"] = FileStat(**stat) if stat else None
    if isinstance(request, MakeRequest):
        return MakeResult(**{**sent, "made": tuple(_made(one) for one in sent["made"])})
    return VerifyResult(**sent)


def _made(sent: dict[str, Any]) -> Made:
    files = [{**file, "path": base64.b64decode(file["path"])} for file in sent["files"]]
    return Made(**{**sent, "files": tuple(MadeFile(**file) for file in files)})


def _encode(path: bytes) -> str:
    return base64.b64encode(path).decode("ascii")

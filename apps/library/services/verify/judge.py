"""What a reading of a file says about it, given what was known."""

from dataclasses import dataclass

from apps.ffmpeg.messages import VerifyResult
from apps.ffmpeg.reasons import Reason
from apps.library.choices import Integrity
from apps.library.models import File


@dataclass(frozen=True, slots=True)
class Judgement:
    """``md5`` is the sum to be kept: once there is one, only a person replaces it."""

    integrity: Integrity
    detail: str
    md5: str


def judge(file: File, result: VerifyResult) -> Judgement | None:
    """None if nothing can be said: the file isn't there, which is for a scan to find out."""
    if result.error == Reason.VANISHED:
        return None
    stat = result.stat
    moved_on = stat is not None and (stat.size, stat.mtime_ns) != (file.size_bytes, file.mtime_ns)
    if moved_on or result.error == Reason.CHANGED_WHILE_READING:
        detail = "Its size or time differs from what the last scan saw; scan again."
        return Judgement(Integrity.CHANGED, detail, file.md5)
    if result.error:
        return Judgement(Integrity.UNREADABLE, result.message, file.md5)
    if result.md5 and file.md5 and result.md5 != file.md5:
        return Judgement(Integrity.ROT, _rot(file, result), file.md5)
    if _outweighs(file, result):
        return Judgement(Integrity(file.integrity), file.integrity_detail, file.md5)
    found = Integrity.DAMAGED if result.damage else Integrity.GOOD
    return Judgement(found, result.damage, file.md5 or result.md5)


def _rot(file: File, result: VerifyResult) -> str:
    return (
        f"Its bytes changed although its size and time did not: their MD5 is {result.md5}, "
        f"and was {file.md5}. {result.damage}"
    ).strip()


def _outweighs(file: File, result: VerifyResult) -> bool:
    """Whether what is known was found by a closer look than this one."""
    if file.integrity == Integrity.ROT:
        return not result.md5
    return file.integrity == Integrity.DAMAGED and not result.damage and not result.whole

"""The answers, in the order in which they are tried: the first that fits is given."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from django.conf import settings
from pathspec import GitIgnoreSpec

from apps.core.models import AuditAction, AuditEntry
from apps.disk.reader import DiskSilent, Stat
from apps.disk.walk import FOLDER
from apps.jobs.services.lifecycle import active_for
from apps.library.choices import ProbeState, Question
from apps.library.models import File, Scan, ScanFinding
from apps.library.services.explain.case import Case, Explanation, is_gone
from apps.library.services.paths import shown
from apps.library.services.scan.arrivals import Arrivals

Answer = Explanation | None

_LINK = stat.S_IFLNK >> 12
_SCANS = 10
_SCAN_IT = "Scan the library."


def _root_is_away(case: Case) -> Answer:
    library = case.library
    kept = " It is in the catalogue as it was at the last scan." if case.file else ""
    advice = "Mount its disk or share, or see to who may read it; then scan the library."
    try:
        case.disk.root(library.root_bytes)
    except DiskSilent:
        return case.say("silent", f"The disk of {library} does not answer.{kept}", advice)
    except OSError as error:
        reason = error.strerror or "error"
        sentence = f"The folder of {library}, {library.root}, can't be read: {reason}.{kept}"
        return case.say("offline", sentence, advice)
    return None


def _is_stopped_on_the_way(case: Case) -> Answer:
    for path, seen in case.on_the_way:
        name = shown(path)
        if isinstance(seen, int):
            return _nothing_there(case, name) if is_gone(seen) else _unreadable(case, name, seen)
        if seen.kind == _LINK:
            return case.say(
                "below_link", f"The folder {name} is a link, and scans follow none.",
                "Ask for the path that it leads to, or make a library of that folder.",
            )  # fmt: skip
        if seen.kind != FOLDER:
            return _nothing_there(case, name)
        if reason := case.rules.folder_refusal(path):
            return _left_out(case, reason, path, is_folder=True)
    return None


def _is_not_there(case: Case) -> Answer:
    if isinstance(case.seen, Stat):
        return None
    if is_gone(case.seen):
        return _nothing_there(case, "")
    return _unreadable(case, shown(case.below), case.seen)


def _is_in_an_unreadable_folder(case: Case) -> Answer:
    """Its names can't be listed, though some can be reached by name."""
    try:
        case.disk.root(case.at(case.folder))
    except OSError as error:
        return _unreadable(case, shown(case.folder) or case.library.root, error.errno or 0)
    return None


def _is_a_folder(case: Case) -> Answer:
    if case.entry.kind != FOLDER:
        return None
    if reason := case.rules.folder_refusal(case.below):
        return _left_out(case, reason, case.below, is_folder=True)
    return case.say("folder", "It is a folder; the catalogue has files.", "Name a file in it.")


def _is_refused(case: Case) -> Answer:
    reason = case.rules.refusal(case.folder, case.entry)
    return _left_out(case, reason, case.below, is_folder=False) if reason else None


def _is_known(case: Case) -> Answer:
    file = case.file
    if file is None or file.missing_since:
        return None
    if file.probe_state == ProbeState.FAILED:
        return case.say(
            "failed", f"It is in the catalogue, but could not be read: {_told_failure(file)}",
            "It gets a video as soon as a scan can read it.",
        )  # fmt: skip
    if file.probe_state == ProbeState.PENDING:
        return case.say("not_read_yet", "A scan has seen it, but not read it yet.", _SCAN_IT)
    if file.video_id is None:
        return case.say(
            "being_compared",
            "It is in the catalogue, but has no video yet: first it is compared byte by byte with "
            "files that look the same.",
            "A job does that by itself.",
        )
    entry = case.entry
    same = (file.size_bytes, file.mtime_ns) == (entry.size_bytes, entry.mtime_ns)
    later = "" if same else " It changed since the last scan, which the next one will see."
    sentence = f"It is in the catalogue, as a file of the video {file.video}.{later}"
    return case.say("in_catalogue", sentence, "" if same else _SCAN_IT)


def _is_arriving(case: Case) -> Answer:
    settle_s = settings.MEDIAHUB_SETTLE_SECONDS
    arrivals = Arrivals(case.disk, case.library.root_bytes, settle_s)
    if arrivals.is_young(case.entry) and any(
        arrives for _entry, arrives in arrivals.judge(case.folder, [case.entry])
    ):
        return case.say(
            "arriving", "It is still being written, or was until a moment ago.",
            f"It is taken in once it has stood still for {settle_s} s and nobody writes to it.",
        )  # fmt: skip
    return None


def _waits_for_its_library(case: Case) -> Answer:
    library = case.library
    if active_for(library).filter(kind="library.scan").exists():
        return case.say("scan_under_way", f"A scan of {library} is under way.", "Wait for its end.")
    if library.question != Question.NONE:
        asked = Question(library.question).label
        return case.say(
            "question", f"The last scan of {library} stopped with a question: {asked}.",
            "Answer it on the library's page.",
        )  # fmt: skip
    if not library.scans.exists():
        return case.say("never_scanned", f"{library} has not been scanned yet.", _SCAN_IT)
    return None


def _was_told_of(case: Case) -> Answer:
    scans = Scan.objects.filter(library=case.library).order_by("-pk").values("pk")[:_SCANS]
    told = ScanFinding.objects.filter(scan__in=scans, path=shown(case.below))
    finding = told.order_by("-pk").first()
    if finding is None:
        return None
    message = f" ({finding.message})" if finding.message else ""
    return case.say(
        "finding", f"A scan noted: {finding.reason.replace('_', ' ')}{message}.", _SCAN_IT
    )


def not_seen_yet(case: Case) -> Explanation:
    """Nothing stands in its way."""
    if case.file:
        sentence = "It was missing at the last scan, and is there again."
        return case.say("back", sentence, "The next scan takes it back with all it had.")
    sentence = "No scan has seen it yet: it came or was renamed after the last one."
    return case.say("not_seen_yet", sentence, "The next scan takes it in.")


CHECKS: tuple[Callable[[Case], Answer], ...] = (
    _root_is_away,
    _is_stopped_on_the_way,
    _is_not_there,
    _is_a_folder,
    _is_in_an_unreadable_folder,
    _is_refused,
    _is_known,
    _is_arriving,
    _waits_for_its_library,
    _was_told_of,
)


def _nothing_there(case: Case, folder: str) -> Explanation:
    for other in _other_forms(case.below):
        if isinstance(case.disk.stats([case.at(other)])[0], Stat):
            return case.say(
                "other_form",
                "There is no such name, but one that looks the same: its accents are composed "
                "differently (Unicode NFC or NFD).",
                f"Ask for it as it is on disk: {shown(case.at(other))!a}",
            )
    file = case.file
    if file and file.missing_since:
        sentence = f"It is not on disk: missing since {file.missing_since:%Y-%m-%d %H:%M}."
        return case.say("missing", sentence, "It keeps all it has until it is back or forgotten.")
    if file:
        sentence = "It is in the catalogue, but not on disk any more."
        return case.say("gone", sentence, "The next scan marks it missing, or finds where it is.")
    if forgotten := _forgotten(case):
        sentence = f"It is not on disk, and was forgotten on {forgotten.at:%Y-%m-%d %H:%M}."
        return case.say("forgotten", sentence, "The audit has what it was.")
    what = f"There is no folder {folder}." if folder else "There is no such file on disk."
    return case.say("not_there", what, "Mind capitals, and where spaces stand.")


def _forgotten(case: Case) -> AuditEntry | None:
    path = shown(case.below)
    entries = AuditEntry.objects.filter(
        action=AuditAction.DELETED, object_type=File._meta.label_lower, object_name=path[:300],
        changes__path__0=path, changes__library__0=case.library.pk,
    )  # fmt: skip
    return entries.order_by("-pk").first()


def _other_forms(path: bytes) -> Iterator[bytes]:
    text = os.fsdecode(path)
    for form in ("NFC", "NFD"):
        other = os.fsencode(unicodedata.normalize(form, text))
        if other != path:
            yield other


def _unreadable(case: Case, name: str, number: int) -> Explanation:
    return case.say(
        "unreadable", f"{name} can't be read: {os.strerror(number)}.",
        "See to it that the user of MediaHub may read it; then scan the library.",
    )  # fmt: skip


def _left_out(case: Case, reason: str, path: bytes, *, is_folder: bool) -> Explanation:
    what = f"The folder {shown(path)}" if is_folder else "It"
    settings_of = f"the settings of the library {case.library}"
    match reason:
        case "own_data":
            told = "is MediaHub's own data", "What is in there is no library's."
        case "ignored":
            pattern = _ignoring(path, is_folder=is_folder)
            told = f"matches {pattern!r}, which no library takes in", "Change MEDIAHUB_IGNORE."
        case "excluded":
            pattern = _matching(case.library.exclude, case.rules.exclude, path, is_folder=is_folder)
            told = (
                f"is left out by the pattern {pattern!r}",
                f"Change “Not these” in {settings_of}.",
            )
        case "not_included":
            told = "matches no pattern of “Only these”", f"Add one in {settings_of}."
        case "link":
            told = "is a link, and scans follow none", "The file that it leads to can be taken in."
        case "not_a_file":
            told = "is no regular file", "Pipes, sockets and devices can't be taken in."
        case _:
            told = (
                f"has no extension that {case.library} takes in",
                f"Add it to “File name extensions” in {settings_of}, or rename the file.",
            )
    return case.say(reason, f"{what} {told[0]}.", told[1])


def _ignoring(path: bytes, *, is_folder: bool) -> str:
    name = os.fsdecode(path.rpartition(b"/")[2])
    for pattern in settings.MEDIAHUB_IGNORE:
        if (is_folder or not pattern.endswith("/")) and fnmatchcase(name, pattern.rstrip("/")):
            return str(pattern)
    return "a pattern"


def _matching(patterns: list[str], spec: GitIgnoreSpec, path: bytes, *, is_folder: bool) -> str:
    index = spec.check_file(os.fsdecode(path) + "/" * is_folder).index
    return patterns[index] if index is not None else "one"


def _told_failure(file: File) -> str:
    return file.probe_message or f"{file.probe_error.replace('_', ' ')}."

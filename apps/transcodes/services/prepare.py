"""Before hours of work: what is to be done, and whether its outcome could be put in its place."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.plans import Deed, Plan
from apps.ffmpeg.transcoding.surveying import survey
from apps.jobs.context import JobPostponed, JobStopped
from apps.library.services.scan.roots import RootOffline, check_known_disk
from apps.machines.services import inventory, room
from apps.transcodes.choices import HardLinks, Outcome, Place, Step
from apps.transcodes.hours import Hours
from apps.transcodes.models import Transcode
from apps.transcodes.services.names import below, choose_target
from apps.transcodes.services.place import CannotPlace, NameTaken, check_source
from apps.transcodes.services.sources import plan_for
from apps.transcodes.services.work import Refused, Run, end

_BUSY_AGAIN = timedelta(minutes=1)
_ROOM_AGAIN = timedelta(minutes=5)
OFFLINE_AGAIN = timedelta(minutes=15)  # thousands may wait for one disk


def check_time(this: Run) -> None:
    """Raises JobPostponed outside of its rule's hours, or beside another one of the same file."""
    rule = this.transcode.rule
    if rule is not None:
        now = timezone.localtime()
        hours = Hours.of(rule.starts_at, rule.ends_at, rule.weekdays)
        if opens := hours.opens_after(now):
            raise JobPostponed(f"outside of its hours until {opens:%a %H:%M}", opens - now)
    others = Transcode.objects.unfinished().open().exclude(pk=this.transcode.pk)
    if this.transcode.file_id and others.filter(file=this.transcode.file_id).exists():
        raise JobPostponed("another transcode of the same file is under way", _BUSY_AGAIN)


def prepare(this: Run) -> Plan | None:
    """The plan, as this machine can do it; none where there is nothing to do, which is written.

    Raises Refused, SourceChanged, NameTaken, CannotPlace, JobPostponed.
    """
    transcode = this.transcode
    found = check_source_known(this)
    plan = plan_anew(this)
    this.write(
        plan=plan.to_json(), reason=plan.reason, foreseen_bytes=plan.foreseen_bytes,
        foreseen_s=plan.foreseen_s,
    )  # fmt: skip
    if plan.deed == Deed.REFUSE:
        raise Refused(plan.reason, code=plan.code)
    skipped = plan.reason if plan.deed == Deed.SKIP else _why_left(transcode, found)
    if skipped:
        end(this, Outcome.SKIPPED, skipped)
        return None
    this.write(target=choose_target(transcode, plan.extension.lstrip(".")))
    _check_place(this, plan)
    return plan


def plan_anew(this: Run) -> Plan:
    """The plan by what the source's packets say, which are read unless the row knows it already.

    Raises SurveyFailed, and what ``report`` raises.
    """
    transcode = this.transcode
    known = transcode.measured
    if not known:
        found = survey(this.names.source, told=lambda *_: this.report(0, None, phase="reading"))
        known = {"measured": asdict(found.measured), "damage": found.damage}
        this.write(measured=known)
    return plan_for(
        this.file, transcode.profile.spec, inventory.abilities(),
        measured=Measured(**known["measured"]), damage=known["damage"],
    )  # fmt: skip


def check_source_known(this: Run) -> Mapping[str, int]:
    """What the disk says of the source. Raises Refused, SourceChanged."""
    if this.transcode.file_id is None:
        raise Refused("The file isn't in the catalogue any more.")
    return check_source(this.transcode, this.disk)


def or_offline(this: Run, reason: MediaHubError) -> MediaHubError:
    """Why it failed; if the library's disk is away, that this is waited for."""
    if isinstance(reason, JobStopped) or this.disk.silent:
        return reason
    try:
        check_known_disk(this.disk, this.transcode.library, expect_files=True)
    except RootOffline as offline:
        return JobPostponed(str(offline), OFFLINE_AGAIN)
    return reason


def _why_left(transcode: Transcode, found: Mapping[str, int]) -> str:
    if transcode.hard_links == HardLinks.SKIP and found["links"] > 1:
        return f"The file has {found['links']} names, and the profile leaves such files alone."
    return ""


def _check_place(this: Run, plan: Plan) -> None:
    """Before hours of work: whether its outcome could be put where it belongs."""
    names = this.names
    replaces = this.transcode.place == Place.REPLACE
    if not (replaces and names.replaces_name) and this.disk.look(names.target) is not None:
        shown = os.fsdecode(os.path.basename(names.target))
        raise NameTaken(f"There is a file {shown!r} already: rename or move it first.")
    _check_folder(this, os.path.dirname(names.draft))
    others = Transcode.objects.unfinished().open().exclude(pk=this.transcode.pk)
    reserved = sum(others.filter(step=Step.WRITING).values_list("foreseen_bytes", flat=True))
    try:
        room.check(
            os.path.dirname(names.draft), foreseen_bytes=plan.foreseen_bytes, reserved=reserved
        )
    except room.NoRoom as reason:
        raise JobPostponed(str(reason), _ROOM_AGAIN) from None


def _check_folder(this: Run, folder: bytes) -> None:
    shown = os.fsdecode(folder)
    try:
        # another tree grows as it is filled
        this.disk.make_folders(this.names.target_root, below(this.names.target_root, folder))
        _free, writable = this.disk.room(folder)
    except OSError as error:
        raise CannotPlace(f"{shown!r}: {os.strerror(error.errno or 0)}.") from error
    if not writable:
        raise CannotPlace(f"MediaHub may not write in {shown!r}: give it the right, or another.")

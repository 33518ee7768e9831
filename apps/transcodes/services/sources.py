"""What is to be transcoded: a file as the catalogue knows it, and what a profile makes of it."""

from dataclasses import replace

from apps.core.errors import Conflict
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.abilities import Abilities
from apps.ffmpeg.transcoding.measured import NOTHING, Measured
from apps.ffmpeg.transcoding.planning import plan
from apps.ffmpeg.transcoding.plans import Deed, Plan
from apps.ffmpeg.transcoding.spec import Spec
from apps.library.choices import Integrity, ProbeState
from apps.library.models import File, Video
from apps.library.services.scan.rows import FACTS

_UNSOUND = (Integrity.ROT, Integrity.DAMAGED)


class NoSource(Conflict):
    """The video has no file that could be transcoded; nothing was changed."""

    code = "no_source"


def source_of(video: Video) -> File:
    """The video's primary file with its folder and library. Raises NoSource."""
    files = File.objects.select_related("folder", "library")
    file: File | None = files.filter(pk=video.primary_file_id, missing_since=None).first()
    if file is None:
        raise NoSource(f"{video} has no file on disk at the moment.")
    return file


def facts_of(file: File) -> MediaFacts:
    """What the last scan read of a file."""
    return MediaFacts.from_json({**file.facts, **{name: getattr(file, name) for name in FACTS}})


def plan_for(
    file: File,
    spec: Spec,
    abilities: Abilities,
    *,
    measured: Measured = NOTHING,
    damage: str = "",
) -> Plan:
    """What a spec makes of a file; refused if what is known of the file speaks against it.

    ``measured`` and ``damage`` are what its packets say, if they were read.
    """
    if reason := _why_not(file):
        return Plan(Deed.REFUSE, reason)
    made = plan(
        facts_of(file), spec, size_bytes=file.size_bytes, abilities=abilities, measured=measured,
        damage=damage,
    )  # fmt: skip
    return replace(made, duration_ms=made.duration_ms or file.duration_ms or 0)


def _why_not(file: File) -> str:
    if file.missing_since is not None:
        return "The file is missing."
    if file.probe_state != ProbeState.DONE:
        return f"The file couldn't be read: {file.probe_message or 'it is to be read yet.'}"
    if "format_name" not in file.facts:
        return "What was read of the file is too old: have it read again."
    if file.integrity in _UNSOUND:
        return f"The file is damaged: {file.integrity_detail}"
    return ""

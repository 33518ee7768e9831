"""What a profile would do with a video, in every detail, without doing it."""

import os
from dataclasses import dataclass

from apps.core.errors import MediaHubError
from apps.ffmpeg.transcoding.abilities import Abilities
from apps.ffmpeg.transcoding.commands import command
from apps.ffmpeg.transcoding.plans import Plan, Rung
from apps.library.models import Video
from apps.library.services.media import programs
from apps.transcodes.models import EncodingProfile
from apps.transcodes.services.encode import as_text
from apps.transcodes.services.sources import plan_for, source_of


class NoSuchWay(MediaHubError):
    """None of the plan's ways is by the encoder that was asked for."""

    code = "no_such_way"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do a plan, and its command as a shell would take it."""

    rung: Rung
    command: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The plan, which criteria of it hold already, and the command of each way, best first."""

    plan: Plan
    path: str
    ways: tuple[Way, ...]


def explain(
    video: Video, profile: EncodingProfile, abilities: Abilities, *, encoder: str = ""
) -> Explanation:
    """What transcoding would be, by all ways or those of one encoder. Raises NoSource, NoSuchWay.

    The output's name in the commands stands for the draft that a transcode writes first.
    """
    file = source_of(video)
    spec = profile.spec
    plan = plan_for(file, spec, abilities)
    if not plan.is_work:
        return Explanation(plan, file.path, ())
    rungs = [rung for rung in plan.rungs if encoder in ("", rung.encoder)]
    if not rungs:
        known = ", ".join(dict.fromkeys(rung.encoder for rung in plan.rungs if rung.encoder))
        raise NoSuchWay(f"The plan has no way by {encoder}. Known: {known or 'none'}.")
    found = programs().ffmpeg
    program = found.path if found else "ffmpeg"
    folder = os.path.dirname(file.location)
    output = os.path.join(folder, b".mediahub-draft.part")
    ways = tuple(
        Way(rung, as_text(command(
            plan, spec, rung, program=program, source=file.location, output=output,
            filters=abilities.filters or None,
        )))
        for rung in rungs
    )  # fmt: skip
    return Explanation(plan, file.path, ways)

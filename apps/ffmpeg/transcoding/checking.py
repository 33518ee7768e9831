"""Proves an output against its source. That ffmpeg ended well and the file plays prove nothing.

Nothing here changes either file.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.messages import VerifyRequest, VerifyResult
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.reasons import Reason
from apps.ffmpeg.transcoding.comparing import differences, find_hole
from apps.ffmpeg.transcoding.decoding import decode_through
from apps.ffmpeg.transcoding.planning import compliance
from apps.ffmpeg.transcoding.plans import Criterion, Plan
from apps.ffmpeg.transcoding.quality import Pair, Quality, compare_quality
from apps.ffmpeg.transcoding.refusals import reason
from apps.ffmpeg.transcoding.running import STALL_S, Ended
from apps.ffmpeg.transcoding.spec import Spec
from apps.ffmpeg.transcoding.surveying import FileSurvey, SurveyFailed, survey

_SAID = 3  # lines of ffmpeg's that a sentence quotes
# What may as well be the source's fault: it is looked into before the output is blamed.
_MAYBE_SOURCE = frozenset({
    "output_short", "output_long", "output_frames", "output_gap", "output_damaged",
    "output_streams", "sound_shifted",
})  # fmt: skip
_ABOUT_CONTENT = frozenset({
    Reason.DAMAGED, Reason.MOOV_MISSING, Reason.NOT_MEDIA, Reason.NO_STREAMS,
    Reason.PLAYLIST_REFUSED, Reason.EMPTY, Reason.TOO_SMALL, Reason.CRASHED,
})  # fmt: skip


class OutputRefused(MediaHubError):
    """An output that may not take its source's place; ``code`` says why."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, str(self))


class SourceDamaged(OutputRefused):
    """It is the source that is damaged: no other way to encode it would mend that."""

    def __init__(self, sentence: str) -> None:
        super().__init__("source_damaged", sentence)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found of an output that is sound.

    ``source_end_ms`` is when the last packets of the source end, ``end_ms`` those of the output.
    ``frames`` of its picture were decoded. ``notes`` are sentences about harmless oddities.
    """

    facts: MediaFacts
    size_bytes: int
    duration_ms: int
    end_ms: int
    source_end_ms: int
    frames: int
    criteria: tuple[Criterion, ...] = ()
    quality: Quality | None = None
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a row."""
        return {
            **asdict(self),
            "facts": self.facts.to_json(),
            "criteria": [asdict(one) for one in self.criteria],
        }


def check(
    *,
    source: bytes,
    output: bytes,
    plan: Plan,
    spec: Spec,
    facts: MediaFacts,
    source_bytes: int,
    program: str,
    report: Progress = silent,
    ended: Ended | None = None,
    stall_s: float = STALL_S,
) -> Proof:
    """Hold an ``output`` against its ``source`` and all of ``spec``, and decode it whole.

    ``facts`` and ``source_bytes`` are what the ``plan`` was made from. ``ended`` is how the
    encoding ended: what ffmpeg said then casts doubt on the source, which is looked into.
    ``report`` is told milliseconds with ``phase="checking"``, and may raise.

    Raises OutputRefused, SourceDamaged if the fault is the source's, Stalled, ProcessFailed.
    """
    checking = _Checking(
        source=source, output=output, plan=plan, spec=spec, program=program, report=report,
        stall_s=stall_s,
    )  # fmt: skip
    checking.meet_source(facts, source_bytes, ended)
    return checking.prove()


@dataclass(kw_only=True)
class _Checking:
    source: bytes
    output: bytes
    plan: Plan
    spec: Spec
    program: str
    report: Progress
    stall_s: float
    notes: list[str] = field(default_factory=list)
    is_verified: bool = False

    def meet_source(self, facts: MediaFacts, source_bytes: int, ended: Ended | None) -> None:
        """Raises SourceDamaged."""
        try:
            self._given = survey(self.source, told=self._beat)
        except SurveyFailed as failed:
            if failed.code in _ABOUT_CONTENT:
                raise SourceDamaged(f"The source can't be read: {failed}") from failed
            raise
        same = self._given.facts.video_codec == facts.video_codec
        if self._given.size_bytes != source_bytes or not same:
            raise OutputRefused(
                "source_changed", "The source is another file than the one that was encoded."
            )
        if damage := self._given.damage or find_hole(self._given):
            raise SourceDamaged(damage)
        if ended is not None and reason(ended.lines):
            self._verify_source()
            self.notes.append(f"While it encoded, ffmpeg said: {quoted(ended.lines)}")

    def prove(self) -> Proof:
        """Raises OutputRefused."""
        try:
            return self._prove()
        except OutputRefused as refused:
            if refused.code in _MAYBE_SOURCE:
                self._verify_source()
            raise

    def _prove(self) -> Proof:
        made = self._survey_output()
        for code, sentence in differences(self._given, made, self.plan, self.spec):
            raise OutputRefused(code, sentence)
        criteria = compliance(
            made.facts, self.spec, size_bytes=made.size_bytes, measured=made.measured
        )
        for one in criteria:
            if not one.ok:
                raise OutputRefused(
                    "output_profile", f"{one.name} should be {one.wanted}; it is {one.found}."
                )
        frames = self._decode(made)
        quality = self._compare(made)
        if quality is not None and quality.fault:
            raise OutputRefused("output_quality", quality.fault)
        return Proof(
            facts=made.facts, size_bytes=made.size_bytes,
            duration_ms=made.facts.duration_ms or 0, end_ms=round(made.end_s * 1_000),
            source_end_ms=round(self._given.end_s * 1_000), frames=frames, criteria=criteria,
            quality=quality, notes=tuple(self.notes),
        )  # fmt: skip

    def _compare(self, made: FileSurvey) -> Quality | None:
        pictures = made.of("video")
        index = self.plan.video.index if self.plan.video else None
        given = [one for one in self._given.streams if one.index == index]
        if not pictures or not given:
            return None
        pair = Pair(
            source=self.source, output=self.output, given=given[0], made=pictures[0],
            jumps=self._given.jumps,
        )  # fmt: skip
        return compare_quality(
            self.program, pair, plan=self.plan, spec=self.spec, report=self.report,
            stall_s=self.stall_s,
        )  # fmt: skip

    def _survey_output(self) -> FileSurvey:
        try:
            return survey(self.output, told=self._beat)
        except SurveyFailed as failed:
            raise OutputRefused("output_unreadable", f"It can't be read: {failed}") from failed

    def _decode(self, made: FileSurvey) -> int:
        """Decode all of the output. What was copied may be as odd as the source is."""
        ended = decode_through(
            self.program, self.output, duration_ms=round(made.end_s * 1_000),
            report=self._checking, stall_s=self.stall_s,
        )  # fmt: skip
        video = made.of("video")
        copies = any(one.copy for one in (self.plan.video, *self.plan.audio) if one)
        if ended.returncode or reason(ended.lines):
            said = f"It can't be decoded cleanly; ffmpeg said: {quoted(ended.lines)}"
            if not copies or ended.returncode:
                raise OutputRefused("output_damaged", said)
            self._verify_source()
            if damage := self._damage_of(self.output):
                raise OutputRefused("output_damaged", f"{damage} {said}")
            self.notes.append(said)
        frames = ended.frames or 0
        if video and frames < video[0].packets * 0.99 - 3 and not ended.lines:
            raise OutputRefused(
                "output_damaged", f"Only {frames:,} of its {video[0].packets:,} frames are decoded."
            )
        return frames

    def _verify_source(self) -> None:
        """Decode the source with an eye on what decoders themselves call damaged."""
        if self.is_verified:
            return
        self.is_verified = True
        if damage := self._damage_of(self.source):
            raise SourceDamaged(damage)

    def _damage_of(self, path: bytes) -> str:
        with MediaPool(children=1, timeout_s=self.stall_s, batch=1) as pool:
            request = VerifyRequest(key=0, path=path)
            for result in pool.run([request], beat=self._beat):
                assert isinstance(result, VerifyResult)
                return result.damage or (result.message if result.error == "crashed" else "")
        return ""

    def _beat(self, _done: int = 0, _total: int = 0) -> None:
        self.report(0, self.plan.duration_ms or None, phase="checking")

    def _checking(self, done: int, total: int | None = None, /, **facts: object) -> None:
        self.report(done, total, **{**facts, "phase": "checking"})


def quoted(lines: tuple[str, ...]) -> str:
    """A few of ffmpeg's lines for a sentence."""
    more = f" (and {len(lines) - _SAID} more)" if len(lines) > _SAID else ""
    return " / ".join(line[:200] for line in lines[:_SAID]) + more

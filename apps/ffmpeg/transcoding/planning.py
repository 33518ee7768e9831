"""Compares a file with a spec, and says what is to be done with it, stream by stream, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding import (
    estimates,
    holds,
    refusing,
    rungs,
    sizes,
    stream_plans,
    tracks,
    wording,
)
from apps.ffmpeg.transcoding.abilities import Abilities
from apps.ffmpeg.transcoding.measured import NOTHING, Measured
from apps.ffmpeg.transcoding.picture import Picture, picture_of
from apps.ffmpeg.transcoding.picture_criteria import picture_criteria, tag_criteria
from apps.ffmpeg.transcoding.plans import AudioPlan, Criterion, Deed, Plan, VideoPlan
from apps.ffmpeg.transcoding.sound_criteria import file_criteria, track_criteria
from apps.ffmpeg.transcoding.spec import Spec, VideoCodec

Audio = tuple[AudioPlan, ...]
_DEEDS = {
    (False, False): Deed.REMUX,
    (False, True): Deed.AUDIO,
    (True, False): Deed.VIDEO,
    (True, True): Deed.BOTH,
}
_NO_SPEEDS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Found:
    """What the file fulfils, sorted by what mends it."""

    picture: Picture | None
    pictures: tuple[Criterion, ...] = ()
    tags: tuple[Criterion, ...] = ()
    sound: tuple[Criterion, ...] = ()
    file: tuple[Criterion, ...] = ()

    @property
    def all(self) -> tuple[Criterion, ...]:
        return (*self.pictures, *self.tags, *self.sound, *self.file)


def compliance(
    facts: MediaFacts, spec: Spec, *, size_bytes: int, measured: Measured = NOTHING
) -> tuple[Criterion, ...]:
    """Everything that the spec asks of a file, and whether the file has it.

    What isn't known isn't held against it: pass what was ``measured``. It is also what outputs are
    proven by. Limits that only a source and its outcome have together aren't among these.
    """
    return _find(facts, spec, size_bytes, measured).all


def plan(
    facts: MediaFacts,
    spec: Spec,
    *,
    size_bytes: int,
    abilities: Abilities,
    measured: Measured = NOTHING,
    damage: str = "",
    speeds: Mapping[str, float] = _NO_SPEEDS,
) -> Plan:
    """What is to be done so that the file fulfils the spec; nothing is read or written.

    ``damage`` is what is known to be wrong with the file, in one sentence: it is refused then.
    ``speeds`` are this machine's own, in pixels a second by encoder, for the estimate.
    """
    found = _find(facts, spec, size_bytes, measured)
    begun = _begun(facts, spec, found)
    if damage:
        return _refused(begun, "source_damaged", f"The file is damaged: {damage}")
    if all(one.ok for one in found.all):
        return begun
    encodes = _must_encode(facts, spec, found)
    refusal = refusing.why_not(facts, found.picture, spec, encodes=encodes)
    if refusal is not None:
        return _refused(begun, *refusal)
    video, notes = _video(facts, spec, found.picture, encodes=encodes)
    sought = rungs.Sought(video, found.picture, spec, abilities, begun.duration_ms)
    ways = rungs.rungs_of(sought)
    if not ways:
        return _refused(begun, *rungs.why_none(sought))
    audio = stream_plans.audio_plans(facts, spec)
    job = estimates.Job(video, audio, found.picture, spec, begun.duration_ms, size_bytes)
    return replace(
        _worked_out(begun, facts, spec, video, audio),
        rungs=ways,
        notes=(*notes, *wording.notes(facts, found.picture, spec, video)),
        foreseen_bytes=estimates.foreseen_bytes(job),
        foreseen_s=estimates.foreseen_seconds(job, ways[0], speeds=speeds),
    )


def _begun(facts: MediaFacts, spec: Spec, found: _Found) -> Plan:
    return Plan(
        deed=Deed.SKIP,
        reason=wording.complies(found.all),
        criteria=found.all,
        container=str(spec.container),
        extension=holds.EXTENSION[spec.container],
        duration_ms=facts.duration_ms or 0,
    )


def _find(facts: MediaFacts, spec: Spec, size_bytes: int, measured: Measured) -> _Found:
    picture = picture_of(facts, size_bytes=size_bytes, measured=measured)
    asked = picture_criteria(picture, spec, measured=measured, duration_ms=facts.duration_ms or 0)
    kept = tracks.kept_audio(facts, spec)
    return _Found(
        picture=picture,
        pictures=tuple(asked),
        tags=tuple(tag_criteria(picture, spec)),
        sound=tuple(chain.from_iterable(track_criteria(one, spec) for one in kept)),
        file=tuple(file_criteria(facts, spec, measured=measured)),
    )


def _must_encode(facts: MediaFacts, spec: Spec, found: _Found) -> bool:
    """Whether the picture can't be copied; asked once something has to be done at all."""
    if found.picture is None or spec.video_codec in (VideoCodec.NONE, VideoCodec.COPY):
        return False
    lost = found.picture.rotation != 0 and not holds.holds_turning(spec.container)
    drawn = tracks.burnt(facts, spec) is not None
    return lost or drawn or not spec.copy_video or any(not one.ok for one in found.pictures)


def _worked_out(
    begun: Plan, facts: MediaFacts, spec: Spec, video: VideoPlan | None, audio: Audio
) -> Plan:
    """The plan with every stream in it, and in words what is left out."""
    subtitles = tuple(stream_plans.subtitle_plans(facts, spec))
    attached = stream_plans.attachments(facts, spec)
    covers = stream_plans.covers(facts, spec)
    encodes = video is not None and not video.copy
    deed = _DEEDS[encodes, any(not one.copy for one in audio)]
    kept = {one.index for one in audio} | {one.index for one in subtitles} | {*attached, *covers}
    if video is not None:
        kept.add(video.index)
    return replace(
        begun,
        deed=deed,
        reason=wording.work(deed, begun.criteria),
        video=video,
        audio=audio,
        subtitles=subtitles,
        attachments=attached,
        covers=covers,
        chapters=spec.chapters and holds.holds_chapters(spec.container) and bool(facts.chapters),
        metadata=spec.metadata,
        dropped=tuple(stream_plans.dropped(facts, kept)),
    )


def _video(
    facts: MediaFacts, spec: Spec, picture: Picture | None, *, encodes: bool
) -> tuple[VideoPlan | None, tuple[str, ...]]:
    if picture is None or spec.video_codec is VideoCodec.NONE:
        return None, ()
    if not encodes:
        return stream_plans.copied_video(picture, spec), ()
    fitted = sizes.fit(picture, spec)
    drawn = tracks.burnt(facts, spec)
    burn = None if drawn is None else drawn.get("index", 0)
    return stream_plans.encoded_video(picture, spec, fitted, burn=burn), fitted.notes


def _refused(begun: Plan, code: str, reason: str) -> Plan:
    return replace(begun, deed=Deed.REFUSE, code=code, reason=reason)

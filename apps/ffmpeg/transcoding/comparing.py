"""What an output must have in common with its source, by the packets of both.

An output that plays proves nothing: one that was cut short plays as well.
"""

from collections.abc import Iterator

from apps.ffmpeg.damage import say_time
from apps.ffmpeg.transcoding.plans import Deed, Plan, SubtitleDeed
from apps.ffmpeg.transcoding.spec import Container, Spec
from apps.ffmpeg.transcoding.surveying import FileSurvey, StreamSurvey

Finding = tuple[str, str]
"""A code and a sentence."""
Pair = tuple[StreamSurvey, StreamSurvey]
"""A stream of the source, and what was made of it."""

_OFF_S, _OFF_SHARE = 1.0, 0.005
_OFF_FRAMES, _OFF_FRAMES_SHARE = 3, 0.01
_GAP_S = 1.0
_SAME_GAP_S = 0.5
_SHIFT_S = 0.15  # what people notice between lips and voice
_LEAST_BYTES = 512
_NAMES = {"video": "picture", "audio": "sound"}
_INDEXED = (Container.MP4, Container.M4A)


def find_hole(source: FileSurvey) -> str:
    """What a source lacks in its middle, picture and sound alike: a segment that never came."""
    streams = source.of("video", "audio")
    if len({one.kind for one in streams}) < 2 or any(one.gap_s < _GAP_S for one in streams):
        return ""
    begin = max(one.gap_at_s for one in streams)
    end = min(one.gap_at_s + one.gap_s for one in streams)
    if end - begin < _GAP_S:
        return ""
    return f"It has neither picture nor sound from {say_time(begin)} to {say_time(end)}."


def differences(
    source: FileSurvey, output: FileSurvey, plan: Plan, spec: Spec
) -> Iterator[Finding]:
    """Everything that is wrong with the output, the worst first."""
    yield from _streams(output, plan)
    pairs = list(_pairs(source, output, plan))
    yield from _lengths(source, output, pairs)
    yield from _frames(pairs, plan, spec)
    yield from _gaps(pairs)
    yield from _shift(pairs)
    yield from _index_and_size(source, output, plan, spec)


def _streams(output: FileSurvey, plan: Plan) -> Iterator[Finding]:
    subtitles = [
        one for one in plan.subtitles if one.deed in (SubtitleDeed.COPY, SubtitleDeed.CONVERT)
    ]
    wanted = {
        "video": int(plan.video is not None), "audio": len(plan.audio),
        "subtitle": len(subtitles), "attachment": len(plan.attachments),
    }  # fmt: skip
    for kind, count in wanted.items():
        found = len(output.of(kind))
        if found != count:
            yield "output_streams", f"It has {found} {kind} streams instead of {count}."
    empty = [one.kind for one in output.of("video", "audio") if not one.packets]
    if empty:
        yield "output_streams", f"Its {empty[0]} stream is empty."


def _pairs(source: FileSurvey, output: FileSurvey, plan: Plan) -> Iterator[Pair]:
    """Each stream of the output, after that which it was made of."""
    by_index = {one.index: one for one in source.streams}
    video = [plan.video.index] if plan.video else []
    for kind, indexes in (("video", video), ("audio", [one.index for one in plan.audio])):
        for index, made in zip(indexes, output.of(kind), strict=False):
            if index in by_index and made.packets:
                yield by_index[index], made


def _lengths(source: FileSurvey, output: FileSurvey, pairs: list[Pair]) -> Iterator[Finding]:
    for given, made in pairs:
        if _is_off(made.end_s, given.end_s):
            code = "output_short" if made.end_s < given.end_s else "output_long"
            now, was = say_time(made.end_s), say_time(given.end_s)
            yield code, f"Its {_NAMES[made.kind]} ends at {now}, the source's at {was}."
    claimed = output.claimed_s or 0.0
    if pairs and _is_off(claimed, output.end_s) and claimed > output.end_s:
        yield (
            "output_short",
            f"It ends at {say_time(output.end_s)} although it claims to last {say_time(claimed)}.",
        )
    if output.damage:
        yield "output_damaged", output.damage
    claimed = source.claimed_s or 0.0
    kept_to_the_end = any(given.end_s >= source.end_s - _OFF_S for given, _ in pairs)
    if kept_to_the_end and claimed - output.end_s > max(_OFF_S, claimed * _OFF_SHARE):
        yield (
            "output_short",
            f"It ends at {say_time(output.end_s)}; the source claims to last {say_time(claimed)}.",
        )


def _is_off(found_s: float, wanted_s: float) -> bool:
    return abs(found_s - wanted_s) > max(_OFF_S, wanted_s * _OFF_SHARE)


def _frames(pairs: list[Pair], plan: Plan, spec: Spec) -> Iterator[Finding]:
    video = plan.video
    for given, made in pairs:
        if video is None or made.kind != "video":
            continue
        counts = [given.packets]
        even = video.frame_rate or (video.source_rate if spec.constant_frame_rate else 0.0)
        if video.copy:
            pass
        elif even:
            counts = [round((given.end_s - given.start_s) * even)]
        elif video.deinterlace:
            counts.append(given.packets // 2)  # packets of one field each
        slack = max(_OFF_FRAMES, _OFF_FRAMES_SHARE * max(counts))
        if not given.starts_with_key and given.keys:
            slack += given.packets / given.keys  # what comes before the first key frame
        if not any(abs(count - made.packets) <= slack for count in counts):
            yield "output_frames", f"It has {made.packets:,} frames instead of {max(counts):,}."


def _gaps(pairs: list[Pair]) -> Iterator[Finding]:
    for given, made in pairs:
        if made.gap_s > _GAP_S and made.gap_s > given.gap_s + _SAME_GAP_S:
            name, at = _NAMES[made.kind], say_time(made.gap_at_s)
            yield "output_gap", f"Its {name} lacks {made.gap_s:.1f} s at {at} that the source has."


def _shift(pairs: list[Pair]) -> Iterator[Finding]:
    """Sound against picture, as it was; a picture that begins in the middle of things may lag.

    Sound that began later may now begin with the picture, with silence before it.
    """
    video = next((pair for pair in pairs if pair[1].kind == "video"), None)
    if video is None or not video[0].starts_with_key:
        return
    in_place = abs(video[1].start_s - video[0].start_s) <= _SHIFT_S
    for given, made in pairs:
        was, now = given.start_s - video[0].start_s, made.start_s - video[1].start_s
        filled = in_place and made.start_s <= _SHIFT_S and now < was
        if made.kind == "audio" and abs(now - was) > _SHIFT_S and not filled:
            yield (
                "sound_shifted",
                f"Its sound begins {now:+.2f} s from the picture, that of the source {was:+.2f} s.",
            )


def _index_and_size(
    source: FileSurvey, output: FileSurvey, plan: Plan, spec: Spec
) -> Iterator[Finding]:
    if spec.fast_start and spec.container in _INDEXED and output.fast_start is False:
        yield "output_index", "Its index stands at its end, so that players would wait for it."
    if output.size_bytes < _LEAST_BYTES:
        yield "output_empty", f"It has only {output.size_bytes} bytes."
    most = spec.max_size_percent
    encodes = plan.deed in (Deed.VIDEO, Deed.BOTH) or plan.video is None
    if most and encodes and output.size_bytes * 100 > source.size_bytes * most:
        percent = 100 * output.size_bytes / source.size_bytes
        yield (
            "output_larger",
            f"It has {percent:.0f} % of the source's size; {most} % is the most that it may have.",
        )

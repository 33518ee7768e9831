"""Heatmap and waveform."""

import json
from collections.abc import Iterator
from typing import Any

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import HAS_PYAV
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.sound import curve
from apps.ffmpeg.wishes import SoundOptions
from apps.ffmpeg.work import Work
from apps.ffmpeg.writing import write_file

if HAS_PYAV:
    from apps.ffmpeg.av_probe import open_media
    from apps.ffmpeg.sound.listen import Listening

_POINTS = {"heatmap": 200, "waveform": 1000}
_MOST_POINTS = 20_000


def make_sound(work: Work) -> Iterator[Made]:
    """Heatmap and waveform from one pass. Raises MediaRefused."""
    if not HAS_PYAV:
        raise MediaRefused(Reason.PROBER_MISSING)
    points = {kind: _points(kind, wish) for kind, wish in work.wishes.items()}
    with open_media(work.path, head=work.head) as container:
        listening = Listening(
            container,
            points=set(points.values()),
            motion_points=points.get("heatmap"),
            beat=work.beat,
        )
        listening.run()
    for kind, count in points.items():
        draw = _draw_heatmap if kind == "heatmap" else _draw_waveform
        try:
            yield _write(work, kind, count, listening.length_s, draw(listening, count))
        except MediaRefused as refused:
            yield Made(kind=kind, error=refused.code, message=str(refused))


def _points(kind: str, wish: dict[str, Any]) -> int:
    options = SoundOptions(**{"points": _POINTS[kind], **wish})
    return min(max(options.points, 1), _MOST_POINTS)


def _draw_heatmap(listening: "Listening", points: int) -> dict[str, list[int]]:
    """Loudness and motion; one of them alone has only noughts for the other."""
    sound = listening.sound[points]
    if sound.is_empty and listening.motion.is_empty:
        raise _unheard(listening)
    return {
        "loudness": curve.decibels(sound.mean(fill_s=listening.sound_fill_s)),
        "motion": curve.relative(listening.motion.mean(fill_s=listening.motion_fill_s)),
    }


def _draw_waveform(listening: "Listening", points: int) -> dict[str, list[int]]:
    sound = listening.sound[points]
    if sound.is_empty:
        raise _unheard(listening)
    return {"peaks": curve.linear(sound.most(fill_s=listening.sound_fill_s))}


def _unheard(listening: "Listening") -> MediaRefused:
    silent = listening.audio is None
    return MediaRefused(Reason.NO_SOUND if silent else Reason.UNDECODABLE_SOUND)


def _write(
    work: Work, kind: str, points: int, length_s: float, drawn: dict[str, list[int]]
) -> Made:
    content = {"points": points, "duration_ms": round(length_s * 1000), **drawn}
    text = json.dumps(content, separators=(",", ":")).encode()
    return Made(kind=kind, files=(write_file(work.folder, f"{kind}.json", text, name="json"),))

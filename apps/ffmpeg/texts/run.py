"""Subtitles and chapters as WebVTT."""

from collections.abc import Iterator

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import HAS_PYAV
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.texts.chapters import chapter_cues
from apps.ffmpeg.texts.webvtt import print_webvtt
from apps.ffmpeg.work import Work
from apps.ffmpeg.writing import write_file

if HAS_PYAV:
    from av.container import InputContainer

    from apps.ffmpeg.av_probe import open_media
    from apps.ffmpeg.texts.tracks import read_tracks


def make_texts(work: Work) -> Iterator[Made]:
    """Chapters, then subtitles. Raises MediaRefused."""
    if not HAS_PYAV:
        raise MediaRefused(Reason.PROBER_MISSING)
    with open_media(work.path, head=work.head) as container:
        for kind, make in (("chapters", _make_chapters), ("subtitles", _make_subtitles)):
            if kind in work.wishes:
                try:
                    yield make(work, container)
                except MediaRefused as refused:
                    yield Made(kind=kind, error=refused.code, message=str(refused))


def _make_chapters(work: Work, container: "InputContainer") -> Made:
    cues = chapter_cues(
        container.chapters(),
        start_ms=_start_ms(container),
        length_ms=round((container.duration or 0) / 1000),
    )
    if not cues:
        raise MediaRefused(Reason.NO_CHAPTERS)
    file = write_file(work.folder, "chapters.vtt", print_webvtt(cues), name="vtt")
    return Made(kind="chapters", files=(file,), data={"count": len(cues)})


def _make_subtitles(work: Work, container: "InputContainer") -> Made:
    tracks, skipped = read_tracks(
        container, work.path, start_ms=_start_ms(container), beat=work.beat
    )
    files, shown = [], []
    for number, track in enumerate(tracks):
        file = f"subtitles-{number}.vtt"
        files.append(write_file(work.folder, file, print_webvtt(track.cues), name=str(number)))
        shown.append({"name": str(number), **track.about})
    data = {"tracks": shown, "skipped": skipped}
    if not shown:
        nothing = MediaRefused(Reason.NO_TEXT)
        return Made(kind="subtitles", data=data, error=nothing.code, message=str(nothing))
    return Made(kind="subtitles", files=tuple(files), data=data)


def _start_ms(container: "InputContainer") -> int:
    """The time that players call 0."""
    return max(0, round((container.start_time or 0) / 1000))

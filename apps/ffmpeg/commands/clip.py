"""ffmpeg: make a clip out of nothing but filters."""

import base64
from dataclasses import dataclass

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-pix_fmt", "yuv420p")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "28", "-x265-params", "log-level=none")
VP9 = (
    "-c:v",
    "libvpx-vp9",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
    "-b:v",
    "1M",
    "-row-mt",
    "1",
)
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "38", "-pix_fmt", "yuv420p")
MPEG4 = ("-c:v", "mpeg4", "-vtag", "XVID", "-q:v", "4", "-pix_fmt", "yuv420p")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "5", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "96k")
OPUS = ("-c:a", "libopus", "-b:a", "64k")
MP3 = ("-c:a", "libmp3lame", "-b:a", "96k")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recipe. ``path`` is relative; ``video`` and ``audio`` are lavfi graphs or ``""``.

    ``picture`` is a lavfi graph whose first frame becomes the attached cover picture. ``chapters``
    are (second, title), ``subtitles`` (second, text, shown for two seconds) in ``language``.
    """

    path: str
    muxer: str
    seconds: float
    video: str = ""
    audio: str = ""
    encode: tuple[str, ...] = ()
    picture: str = ""
    chapters: tuple[tuple[int, str], ...] = ()
    subtitles: tuple[tuple[int, str], ...] = ()
    language: str = "eng"
    title: str = ""


def make_clip(program: str, clip: Clip, output: str) -> list[str]:
    """The command that writes the clip to the absolute path ``output``, over what is there.

    Chapters and subtitles are handed over as ``data:`` addresses, so that no file is needed.
    ``bitexact`` and one thread make the same recipe the same bytes.
    """
    command = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    maps: list[str] = []
    for graph in (clip.video, clip.audio):
        if graph:
            command += ["-f", "lavfi", "-t", f"{clip.seconds:g}", "-i", graph]
            maps += ["-map", str(len(maps) // 2)]
    if clip.picture:
        command += ["-f", "lavfi", "-t", "0.04", "-i", clip.picture]
        last = "1" if clip.video else "0"
        attached = ["-c:v:" + last, "mjpeg", "-disposition:v:" + last, "attached_pic"]
        maps += ["-map", str(len(maps) // 2), *attached, "-frames:v:" + last, "1"]
    if clip.subtitles:
        command += ["-f", "srt", "-i", _data(_srt(clip.subtitles))]
        codec = "mov_text" if clip.muxer == "mp4" else "srt"
        maps += ["-map", f"{_inputs(command) - 1}:s", "-c:s", codec]
        maps += ["-metadata:s:s:0", f"language={clip.language}"]
    if clip.chapters:
        command += ["-f", "ffmetadata", "-i", _data(_ffmetadata(clip))]
        maps += ["-map_chapters", str(_inputs(command) - 1)]
    title = ["-metadata", f"title={clip.title}"] if clip.title else []
    return [*command, *maps, *clip.encode, *title, "-f", clip.muxer, "file:" + output]


def _inputs(command: list[str]) -> int:
    return command.count("-i")


def _data(text: str) -> str:
    return "data:text/plain;base64," + base64.b64encode(text.encode()).decode()


def _srt(subtitles: tuple[tuple[int, str], ...]) -> str:
    return "".join(
        f"{number}\n{_clock(at)},000 --> {_clock(at + 2)},000\n{text}\n\n"
        for number, (at, text) in enumerate(subtitles, 1)
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _ffmetadata(clip: Clip) -> str:
    ends = [at for at, _ in clip.chapters[1:]] + [int(clip.seconds)]
    parts = [
        f"[CHAPTER]\nTIMEBASE=1/1\nSTART={at}\nEND={end}\ntitle={title}\n"
        for (at, title), end in zip(clip.chapters, ends, strict=True)
    ]
    return ";FFMETADATA1\n" + "".join(parts)

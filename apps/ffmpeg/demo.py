"""A small library of real clips, made on the spot, so that the first look is never empty."""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from apps.core import process
from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.commands.clip import (
    AAC,
    AV1,
    MP3,
    MPEG2,
    MPEG4,
    OPUS,
    VP9,
    X264,
    X265,
    Clip,
    make_clip,
)
from apps.ffmpeg.display_matrix import turn_mp4

_PATIENCE_S = 120.0
_LIMITS = process.Limits(memory_bytes=8 * 1024**3, cpu_seconds=1_200, file_bytes=1024**3)
_AT_ONCE = 2


class DemoFailed(MediaHubError):
    """Not one clip of the demonstration library could be made."""

    code = "demo_failed"
    status = 500


def _tint(low: str, high: str) -> str:
    """Two colours (r/g/b) for a black and white picture."""
    pairs = zip("rgb", low.split("/"), high.split("/"), strict=True)
    return "format=gray,format=gbrp,lutrgb=" + ":".join(
        f"{sign}='if(gt(val,128),{bright},{dark})'" for sign, dark, bright in pairs
    )


def _chord(*notes_hz: float) -> str:
    """A soft stereo chord that swells and fades every eight seconds."""
    sum_of_notes = "+".join(f"sin(2*PI*{note:g}*t)" for note in notes_hz)
    swell = "(0.55+0.45*sin(2*PI*t/8))"
    left = f"0.12*{swell}*({sum_of_notes})"
    right = f"0.12*{swell}*({sum_of_notes.replace('*t)', '*t+0.6)')})"
    return f"aevalsrc='{left}|{right}':s=48000"


_LIFE = (
    "life=s=160x90:r=10:seed={seed}:ratio=0.2:mold=10:life_color={alive}:death_color={dead}"
    ":mold_color={old},scale=1280:720:flags=neighbor"
)
_GRADIENT = "gradients=s=640x360:r={rate}:seed={seed}:n=5:speed=0.02:{colours},scale={size}"
_SUNSET = "c0=#0b1d51:c1=#725cad:c2=#ff8a5b:c3=#ffe3a9:c4=#8ccdeb"
_LAGOON = "c0=#012a4a:c1=#2a6f97:c2=#61a5c2:c3=#a9d6e5:c4=#f4f1de"
_EMBERS = "c0=#10002b:c1=#5a189a:c2=#e85d04:c3=#faa307:c4=#ffedd8"

CLIPS = (
    Clip(
        "Fractals/Mandelbrot Dive (2024).mp4", "mp4", 12,
        video="mandelbrot=s=480x270:r=20:start_x=-0.743643887037151:start_y=0.131825904205330"
        ":start_scale=0.02:end_scale=0.00001:end_pts=240:maxiter=350:bailout=20"
        ":outer=normalized_iteration_count:inner=black,scale=1280:720:flags=bicubic",
        audio=_chord(110, 164.81, 220, 329.63),
        encode=(*X264, *AAC, "-movflags", "+faststart"),
    ),
    Clip(
        "Fractals/Sierpinski Carpet (2023).webm", "webm", 8,
        video="sierpinski=s=640x360:r=25:seed=4:type=carpet:jump=40,"
        + _tint("13/8/135", "240/249/33") + ",scale=1280:720:flags=neighbor",
        audio=_chord(146.83, 220, 293.66),
        encode=(*VP9, *OPUS),
    ),
    Clip(
        "Life/Garden of Cells (2022).mkv", "matroska", 24,
        video=_LIFE.format(seed=7, alive="#9be7ff", dead="#3b1c6b", old="#0b1026"),
        audio=_chord(130.81, 196, 261.63),
        encode=(*X264, *AAC), title="Garden of Cells",
        chapters=((0, "First seeds"), (8, "Crowds"), (16, "What remains")),
        subtitles=(
            (1, "A cell with two or three neighbours lives on."),
            (9, "Lonely cells and crowded cells die."),
            (17, "Three neighbours bring a new one to life."),
        ),
    ),
    Clip(
        "Life/Moss and Rust (2021).mov", "mov", 10,
        video=_LIFE.format(seed=23, alive="#d9f99d", dead="#7c2d12", old="#1a2e05"),
        encode=X264,
    ),
    Clip(
        "Life/Rule 30 Tower (2025).mp4", "mp4", 8,
        video="cellauto=s=90x160:r=20:rule=30:seed=3,"
        + _tint("24/12/48", "255/170/90") + ",scale=540:960:flags=neighbor",
        audio=_chord(98, 146.83),
        encode=(*X265, "-pix_fmt", "yuv420p", "-tag:v", "hvc1", *AAC),
    ),
    Clip(
        "Life/Rule 110 (1994).avi", "avi", 8,
        video="cellauto=s=160x120:r=20:rule=110:seed=5,"
        + _tint("8/40/60", "120/220/190") + ",scale=640:480:flags=neighbor",
        audio=_chord(174.61, 261.63),
        encode=(*MPEG4, *MP3),
    ),
    Clip(
        "Signals/Lissajous (2020).mp4", "mp4", 10,
        video="aevalsrc='0.6*sin(2*PI*150*t)|0.6*sin(2*PI*200*t+t/3)',"
        "avectorscope=s=720x720:zoom=1.4:rc=40:gc=200:bc=120:draw=line:r=25",
        audio="aevalsrc='0.2*sin(2*PI*150*t)|0.2*sin(2*PI*200*t+t/3)':s=48000",
        encode=(*X264, *AAC),
    ),
    Clip(
        "Signals/Test Card (1998).ts", "mpegts", 6,
        video="smptehdbars=s=720x576:r=25,setsar=16/15", audio="sine=f=1000:r=48000",
        encode=(*MPEG2, *MP3),
    ),
    Clip(
        "Signals/Two Seconds (2025).webm", "webm", 2,
        video="testsrc2=s=640x360:r=30", encode=VP9,
    ),
    Clip(
        "Colour/Sunset, One Minute (2024).mkv", "matroska", 60,
        video=_GRADIENT.format(rate=8, seed=11, colours=_SUNSET, size="1280:720"),
        audio=_chord(82.41, 123.47, 164.81, 207.65),
        encode=(*X265, "-pix_fmt", "yuv420p10le", *AAC),
    ),
    Clip(
        "Colour/Lagoon (2025).mp4", "mp4", 15,
        video=_GRADIENT.format(rate=12, seed=5, colours=_LAGOON, size="1280:720"),
        audio=_chord(196, 246.94, 293.66),
        encode=(*AV1, *AAC),
    ),
    Clip(
        "Colour/Embers, Upright (2025).mp4", "mp4", 10,
        video=_GRADIENT.format(rate=12, seed=31, colours=_EMBERS, size="1920:1080"),
        audio=_chord(110, 138.59),
        encode=(*X264, *AAC),
    ),
    Clip(
        "Sound/Evening Chord (2019).m4a", "ipod", 20,
        audio=_chord(110, 138.59, 164.81, 220), encode=AAC, title="Evening Chord",
    ),
    Clip(
        "Odd Ones/Interrupted Download (2024).mp4", "mp4", 5,
        video="testsrc2=s=640x360:r=25", audio="sine=f=440:r=48000", encode=(*X264, *AAC),
    ),
)  # fmt: skip
_TURNED = "Colour/Embers, Upright (2025).mp4"  # a landscape picture with a note to turn it
_CUT = "Odd Ones/Interrupted Download (2024).mp4"


def make_demo(folder: Path, *, ffmpeg: str, report: Progress = silent) -> list[Path]:
    """Make the clips that are not in ``folder`` yet, and return the paths of all that are there.

    Clips that this ffmpeg can't make (a missing encoder) are left out. ``report`` counts clips and
    may raise to stop. Raises DemoFailed, ProcessFailed if ffmpeg doesn't run.
    """
    report(0, len(CLIPS))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        longest_first = sorted(CLIPS, key=lambda clip: -clip.seconds)
        made = [pool.submit(_make, folder, clip, ffmpeg) for clip in longest_first]
        try:
            for done, future in enumerate(as_completed(made), 1):
                future.result()
                report(done, len(CLIPS))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    paths = [folder / clip.path for clip in CLIPS if (folder / clip.path).exists()]
    if not paths:
        raise DemoFailed("The demonstration library could not be made: ffmpeg made no clip.")
    return paths


def _make(folder: Path, clip: Clip, ffmpeg: str) -> None:
    path = folder / clip.path
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    command = make_clip(ffmpeg, clip, str(unfinished.absolute()))
    ended = process.run(command, timeout_s=_PATIENCE_S, limits=_LIMITS)
    if ended.returncode != 0:
        unfinished.unlink(missing_ok=True)
        return
    if clip.path == _TURNED:
        turn_mp4(unfinished, 90)
    if clip.path == _CUT:
        os.truncate(unfinished, unfinished.stat().st_size * 2 // 3)
    os.replace(unfinished, path)

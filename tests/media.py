"""Small real media files, made once by the ffmpeg of this machine and kept in build/test-media."""

import fcntl
import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path

from apps.ffmpeg.binaries import find_binaries
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
from apps.ffmpeg.demo import CLIPS, make_demo
from apps.ffmpeg.display_matrix import turn_mp4

BUILT = Path(__file__).parents[1] / "build" / "test-media"
_TEST = "testsrc2=s=160x90:r=25"
_TONE = "sine=f=440:r=44100"
_YUV = ("-pix_fmt", "yuv420p")
_PQ = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv"

_CLIPS = {
    clip.path: clip
    for clip in (
        Clip("h264.mp4", "mp4", 2, video=_TEST, audio=_TONE, encode=(*X264, *AAC), title="Plain"),
        Clip("portrait.mp4", "mp4", 1, video="testsrc2=s=90x160:r=30", encode=X264),
        Clip("rotated90.mp4", "mp4", 1, video=_TEST, encode=X264),
        Clip("rotated180.mp4", "mp4", 1, video=_TEST, encode=X264),
        Clip("rotated270.mp4", "mp4", 1, video=_TEST, encode=X264),
        Clip("anamorphic.mp4", "mp4", 1, video=_TEST + ",setsar=16/11", encode=X264),
        Clip("hevc.mp4", "mp4", 1, video=_TEST, audio=_TONE, encode=(*X265, *_YUV, *AAC)),
        Clip("hevc10.mkv", "matroska", 1, video=_TEST, encode=(*X265, "-pix_fmt", "yuv420p10le")),
        Clip(
            "hdr.mkv", "matroska", 1,
            video="color=gray:s=160x90:r=25,format=yuv420p10,lutyuv=y=573:u=512:v=512",
            encode=(*X265, "-pix_fmt", "yuv420p10le", *_PQ.split()),
        ),
        Clip("larger.mp4", "mp4", 1, video="testsrc2=s=320x180:r=25", encode=(*X265, *_YUV)),
        Clip("vp9.webm", "webm", 1, video=_TEST, audio=_TONE, encode=(*VP9, *OPUS)),
        Clip("av1.mp4", "mp4", 1, video=_TEST, encode=AV1),
        Clip(
            "chapters.mkv", "matroska", 4, video=_TEST, audio=_TONE, encode=(*X264, *AAC),
            chapters=((0, "One"), (2, "Two")), subtitles=((1, "Hello"),), language="deu",
        ),
        Clip("xvid.avi", "avi", 1, video=_TEST, audio=_TONE, encode=(*MPEG4, *MP3)),
        Clip("mpeg2.ts", "mpegts", 2, video=_TEST, audio=_TONE, encode=(*MPEG2, *MP3)),
        Clip("sound.mp3", "mp3", 2, audio=_TONE, encode=MP3, title="Tone"),
        Clip("cover.m4a", "ipod", 2, audio=_TONE, encode=AAC, picture="testsrc2=s=120x120:r=25"),
        Clip(
            "black_start.mp4", "mp4", 10,
            video="testsrc2=s=160x90:r=10,drawbox=t=fill:c=black:enable='lt(t,3)'",
            encode=(*X264, "-g", "10"),
        ),
        Clip("black.mp4", "mp4", 2, video="color=black:s=160x90:r=10", encode=X264),
    )
}  # fmt: skip
_TURNED = {"rotated90.mp4": 90, "rotated180.mp4": 180, "rotated270.mp4": 270}
CLIP_NAMES = tuple(_CLIPS)

_NOT_MEDIA = {
    "zero.mp4": b"",
    "seven.avi": b"1234567",
    "text.mp4": b"This is not a video.\n" * 200,
    "random.mp4": hashlib.shake_128(b"noise").digest(100_000),
    "hls.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "hls.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n",
    "concat.mkv": b"ffconcat version 1.0\nfile /etc/passwd\n" + b"#" * 100,
    "sdp.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    b"m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "deep.mp4": b"".join((8 * (4000 - i)).to_bytes(4, "big") + b"moov" for i in range(4000)),
}


@cache
def ffmpeg() -> str:
    """The ffmpeg that MediaHub itself would use."""
    found = find_binaries().ffmpeg
    assert found is not None, "no ffmpeg: install the requirements"
    return found.path


@cache
def media(name: str) -> Path:
    """The clip of this name (see ``CLIP_NAMES``); the file is shared: never change it."""
    clip = _CLIPS[name]
    recipe = repr((clip, make_clip("ffmpeg", clip, "out"), _TURNED.get(name)))
    path = BUILT / hashlib.sha256(recipe.encode()).hexdigest()[:12] / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{os.getpid()}.part")
        subprocess.run(make_clip(ffmpeg(), clip, str(unfinished)), check=True, capture_output=True)
        if name in _TURNED:
            turn_mp4(unfinished, _TURNED[name])
        unfinished.rename(path)
    return path


@cache
def demo_library() -> Path:
    """The whole demonstration library; shared as well. Making it takes some 15 s of two cores."""
    recipe = hashlib.sha256(repr(CLIPS).encode()).hexdigest()[:12]
    folder = BUILT / f"demo-{recipe}"
    folder.mkdir(parents=True, exist_ok=True)
    with (BUILT / f"demo-{recipe}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_demo(folder, ffmpeg=ffmpeg())
    return folder


def not_media(name: str, folder: Path) -> Path:
    """Write a file that is no media, whatever its name says, into ``folder``."""
    path = folder / name
    path.write_bytes(_NOT_MEDIA[name])
    return path


def truncated(folder: Path, *, keep: float = 0.5) -> Path:
    """Write the first part of an mp4 whose index stood at its end into ``folder``."""
    whole = media("h264.mp4").read_bytes()
    path = folder / "truncated.mp4"
    path.write_bytes(whole[: int(len(whole) * keep)])
    return path

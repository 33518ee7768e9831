"""Real clips of many kinds, encoded by ffmpeg from its own test pictures and tones."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ENCODERS: dict[str, str] = {
    "h264": "libx264 -preset ultrafast -crf 33 -pix_fmt yuv420p",
    "h264_b": "libx264 -preset veryfast -crf 32 -pix_fmt yuv420p -bf 3",
    "h264_10": "libx264 -preset ultrafast -crf 34 -pix_fmt yuv420p10le",
    "h264_444": "libx264 -preset ultrafast -crf 36 -pix_fmt yuv444p",
    "hevc": "libx265 -preset ultrafast -crf 36 -pix_fmt yuv420p -tag:v hvc1"
    " -x265-params log-level=0",
    "hdr": "libx265 -preset ultrafast -crf 36 -pix_fmt yuv420p10le -tag:v hvc1 -color_range tv"
    " -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -x265-params log-level=0",
    "vp8": "libvpx -deadline realtime -cpu-used 8 -b:v 200k -pix_fmt yuv420p",
    "vp9": "libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 200k -pix_fmt yuv420p",
    "av1": "libsvtav1 -preset 12 -crf 50 -pix_fmt yuv420p",
    "mpeg4": "mpeg4 -q:v 12 -pix_fmt yuv420p",
    "xvid": "mpeg4 -vtag XVID -q:v 12 -bf 2 -pix_fmt yuv420p",
    "mpeg2": "mpeg2video -q:v 14 -pix_fmt yuv420p",
    "interlaced": "mpeg2video -q:v 14 -flags +ildct+ilme -top 1 -pix_fmt yuv420p",
    "wmv2": "wmv2 -q:v 14 -pix_fmt yuv420p",
    "flv1": "flv -q:v 14 -pix_fmt yuv420p",
    "theora": "libtheora -q:v 3 -pix_fmt yuv420p",
    "mjpeg": "mjpeg -q:v 20 -pix_fmt yuvj420p",
    "prores": "prores_ks -profile:v 0 -q:v 30 -pix_fmt yuv422p10le",
    "ffv1": "ffv1 -level 3 -pix_fmt yuv420p",
}
_SOUND_ENCODERS: dict[str, str] = {
    "aac": "aac -b:a 48k",
    "mp3": "libmp3lame -b:a 48k",
    "opus": "libopus -b:a 32k",
    "vorbis": "libvorbis -q:a 1",
    "ac3": "ac3 -b:a 64k",
    "flac": "flac",
    "wma": "wmav2 -b:a 48k",
    "pcm": "pcm_s16le -ar 11025",
}
_RATES = {"flv1": 44_100, "wma": 44_100}


@dataclass(frozen=True, slots=True)
class Clip:
    """A picture (None: sound only), its encoding, size, rate and length, and its sound."""

    video: str | None
    sound: str | None
    container: str
    width: int = 320
    height: int = 180
    fps: str = "25"
    seconds: int = 6
    picture: str = "testsrc2"
    further: str = ""
    tracks: int = 1

    @property
    def name(self) -> str:
        parts = (self.video or "sound", self.sound or "mute", f"{self.width}x{self.height}")
        rate = self.fps.replace("/", "_")
        more = f"-{abs(hash_of(self.further)) % 1_000}" if self.further else ""
        return f"{'-'.join(parts)}-{rate}-{self.seconds}s-{self.tracks}{more}.{self.container}"


def hash_of(text: str) -> int:
    """The same in every process, unlike Python's own."""
    return sum(ord(sign) * 31**place for place, sign in enumerate(text))


CLIPS = [
    Clip("h264", "aac", "mp4", 640, 360, seconds=10),
    Clip("h264_b", "aac", "mp4", 1280, 720, "30000/1001", 8, "mandelbrot"),
    Clip("h264_b", "ac3", "mkv", 854, 480, "24000/1001", 12, tracks=3),
    Clip("h264", "aac", "mp4", 180, 320, seconds=7),
    Clip("h264", None, "mp4", 240, 240, "60", 3),
    Clip("h264", "aac", "mp4", 320, 240, "25", 5, further="-movflags +faststart"),
    Clip("h264", "aac", "mp4", further="-movflags +frag_keyframe+empty_moov -g 25"),
    Clip("h264", "aac", "mp4", 640, 360, "30", 4, further="-metadata:s:v:0 rotate=90"),
    Clip("h264", "mp3", "mov", 640, 360, "50", 4, "mandelbrot"),
    Clip("h264", "pcm", "mkv", seconds=3),
    Clip("h264", "aac", "ts", 640, 360, seconds=5, further="-output_ts_offset 3600"),
    Clip("h264", "aac", "flv", seconds=6),
    Clip("h264", "aac", "3gp", 176, 144, "15", 5),
    Clip("h264_10", "flac", "mkv", 640, 360, seconds=4),
    Clip("h264_444", "aac", "mp4", seconds=4),
    Clip("hevc", "aac", "mp4", 640, 360, seconds=5),
    Clip("hevc", "ac3", "mkv", 1280, 720, seconds=3, tracks=2),
    Clip("hdr", "aac", "mp4", 640, 360, "24", 4),
    Clip("hdr", "opus", "mkv", 640, 360, "24", 4),
    Clip("vp8", "vorbis", "webm", seconds=5),
    Clip("vp9", "opus", "webm", 640, 360, seconds=6),
    Clip("vp9", "opus", "mkv", 360, 640, seconds=4),
    Clip("av1", "opus", "webm", 640, 360, seconds=4),
    Clip("av1", "aac", "mp4", 640, 360, seconds=4),
    Clip("mpeg4", "mp3", "avi", seconds=6),
    Clip("xvid", "mp3", "avi", 512, 384, "24000/1001", 8),
    Clip("xvid", "ac3", "avi", seconds=5),
    Clip("mpeg2", "mp3", "mpg", 352, 288, seconds=5),
    Clip("mpeg2", "ac3", "vob", 720, 576, seconds=4),
    Clip("interlaced", "ac3", "ts", 720, 576, seconds=4),
    Clip("mpeg2", "pcm", "mxf", 720, 576, "25", 2, further="-ar 48000"),
    Clip("wmv2", "wma", "wmv", seconds=6),
    Clip("flv1", "mp3", "flv", seconds=5),
    Clip("theora", "vorbis", "ogv", seconds=5),
    Clip("mjpeg", "pcm", "avi", seconds=3),
    Clip("mjpeg", "pcm", "mov", seconds=3),
    Clip("prores", "pcm", "mov", seconds=2),
    Clip("ffv1", "flac", "mkv", seconds=2),
    Clip("h264", "aac", "mkv", 64, 36, "1", 60),
    Clip("h264", "aac", "mp4", 1920, 1080, "25", 3),
    Clip(None, "aac", "m4a", seconds=20),
    Clip(None, "mp3", "mp3", seconds=30),
    Clip(None, "flac", "flac", seconds=8),
    Clip(None, "opus", "opus", seconds=15),
    Clip(None, "vorbis", "ogg", seconds=15),
    Clip(None, "pcm", "wav", seconds=5),
    Clip(None, "wma", "wma", seconds=10),
    Clip(None, "aac", "aac", seconds=10),
    Clip(None, "flac", "mka", seconds=5),
]  # fmt: skip


def ffmpeg_program() -> str:
    """The system's ffmpeg, else the wheel's."""
    if found := shutil.which("ffmpeg"):
        return found
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def encode(clip: Clip, folder: Path) -> Path | None:
    """Make a clip; None if this ffmpeg can't."""
    target = folder / clip.name
    command = _inputs(clip)
    if clip.video:
        command += ["-map", "0:v", "-c:v", *_ENCODERS[clip.video].split()]
    for number in range(clip.tracks if clip.sound else 0):
        source = 1 if clip.video else 0
        command += [
            "-map",
            f"{source}:a",
            f"-metadata:s:a:{number}",
            f"language={_LANGUAGES[number]}",
        ]
    if clip.sound:
        command += ["-c:a", *_SOUND_ENCODERS[clip.sound].split()]
    rate = _RATES.get(clip.video or "") or _RATES.get(clip.sound or "")
    command += ["-ar", str(rate)] if rate else []
    command += [*clip.further.split(), "-t", str(clip.seconds), "-map_metadata", "-1"]
    command += ["-metadata", f"title=Clip {clip.video} {clip.sound}"]
    return target if run_ffmpeg(command, [target]) else None


_LANGUAGES = ("eng", "deu", "jpn")


def _inputs(clip: Clip) -> list[str]:
    inputs = []
    if clip.video:
        picture = f"{clip.picture}=size={clip.width}x{clip.height}:rate={clip.fps}"
        inputs += ["-f", "lavfi", "-t", str(clip.seconds), "-i", picture]
    if clip.sound:
        tone = f"sine=frequency={200 + 10 * clip.seconds}:sample_rate=48000"
        inputs += ["-f", "lavfi", "-t", str(clip.seconds), "-i", tone]
    return inputs


def variants(clip: Clip, made: Path, folder: Path, count: int) -> list[Path]:
    """Copies of a clip's streams with other lengths, titles and languages, in one run."""
    outputs: list[Path] = []
    command = ["-i", str(made)]
    for number in range(count):
        target = folder / f"{made.stem}-{number}{made.suffix}"
        length = max(1.0, clip.seconds * (1 - 0.12 * (number % 6)))
        language = _LANGUAGES[number % len(_LANGUAGES)]
        command += ["-map", "0", "-c", "copy", "-t", f"{length:.3f}"]
        command += ["-metadata", f"title=Part {number} “{made.stem}”"]
        command += ["-metadata", f"comment=é 日本 {number}"] if number % 2 else []
        command += ["-metadata:s:a:0", f"language={language}"] if clip.sound else []
        command += ["-strict", "-2", f"file:{target}"]
        outputs.append(target)
    run_ffmpeg(command, [])
    return [path for path in outputs if path.is_file() and path.stat().st_size > 0]


def run_ffmpeg(arguments: Sequence[str], targets: Sequence[Path]) -> bool:
    """Whether it went well; what was begun and isn't whole is removed."""
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", *arguments]
    command += [f"file:{target}" for target in targets]
    done = subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    if done.returncode:
        for target in targets:
            target.unlink(missing_ok=True)
    return done.returncode == 0

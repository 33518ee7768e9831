"""Commands that encode next to nothing, with the options of real work, and decode it again."""

from apps.ffmpeg.transcoding.commands.encoders import Task, settings
from apps.ffmpeg.transcoding.commands.filters import picture
from apps.ffmpeg.transcoding.commands.reading import decoding, devices
from apps.ffmpeg.transcoding.plans import Rung, VideoPlan
from apps.ffmpeg.transcoding.spec import Container, Spec, Speed

Command = list[str | bytes]

_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
# Cards refuse pictures narrower than about 256 pixels; some say no only to the second frame.
_WIDTH, _HEIGHT, _FRAMES = 320, 240, 8
_SPEC = Spec(
    container=Container.MATROSKA, speed=Speed.FAST, max_bitrate=2_000_000, deinterlace=False
)


def encode_frames(program: str, rung: Rung, *, codec: str, ten_bit: bool = False) -> Command:
    """The command that prints a few encoded frames as NUT."""
    form = "yuv420p10le" if ten_bit else "yuv420p"
    video = VideoPlan(
        index=0, copy=False, codec=codec, width=_WIDTH, height=_HEIGHT, frame_rate=25.0,
        source_rate=25.0, pixel_format=form, source_pixel_format=form,
    )  # fmt: skip
    task = Task(video, _SPEC, rung)
    source = f"testsrc2=s={_WIDTH}x{_HEIGHT}:r=25"
    return [
        program, *_QUIET, *devices(video, rung), "-f", "lavfi", "-i", source,
        "-filter:v:0", picture(task, ""), *settings(task), "-frames:v:0", str(_FRAMES),
        "-f", "nut", "pipe:1",
    ]  # fmt: skip


def encode_sound(program: str, encoder: str) -> Command:
    """The command that prints 0.1 s of encoded sound as NUT."""
    return [
        program, *_QUIET, "-f", "lavfi", "-i", "sine=r=48000:d=0.1", "-c:a:0", encoder,
        "-f", "nut", "pipe:1",
    ]  # fmt: skip


def decode(program: str) -> Command:
    """The command that decodes NUT from stdin and prints the checksum of each frame."""
    return [program, "-hide_banner", "-loglevel", "error", "-i", "pipe:0", "-f", "framecrc",
            "pipe:1"]  # fmt: skip


def decode_on_card(program: str, rung: Rung, *, codec: str) -> Command:
    """The same by the card that ``rung`` names, which fails where ffmpeg would step in for it."""
    video = VideoPlan(index=0, copy=False, codec=codec, width=_WIDTH, height=_HEIGHT)
    words = decoding(video, rung)
    down = ["-vf", "hwdownload,format=nv12"] if "-hwaccel_output_format" in words else []
    return [
        program, "-hide_banner", "-loglevel", "error", *devices(video, rung), *words,
        "-i", "pipe:0", *down, "-f", "framecrc", "pipe:1",
    ]  # fmt: skip

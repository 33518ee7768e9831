"""What each encoder is told: its own names for speed and quality, and the options it needs.

Everything here is data with a reason beside it; ``settings`` puts it together for one picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

from apps.ffmpeg.transcoding.commands.colors import color_options
from apps.ffmpeg.transcoding.commands.rates import rate_control
from apps.ffmpeg.transcoding.plans import Rung, VideoPlan
from apps.ffmpeg.transcoding.profiles import plain
from apps.ffmpeg.transcoding.spec import Container, RateControl, Spec, Speed

Words = list[str]

_SPEEDS: dict[str, tuple[str, str, str, str, str]] = {  # from the slowest to the fastest
    # not ultrafast: it writes Constrained Baseline, whatever profile is asked for
    "libx264": ("veryslow", "slow", "medium", "veryfast", "superfast"),
    "libx265": ("slower", "slow", "medium", "faster", "superfast"),
    "libsvtav1": ("3", "5", "7", "9", "10"),
    "libvpx-vp9": ("0", "1", "2", "4", "5"),
    "nvenc": ("p7", "p6", "p5", "p3", "p1"),
    "qsv": ("veryslow", "slow", "medium", "faster", "veryfast"),
    "vaapi": ("1", "2", "4", "6", "7"),  # as Intel's driver counts; others pass over it
    "videotoolbox": ("0", "0", "0", "1", "1"),
}
_H264 = {
    "constrainedbaseline": "baseline", "constrainedhigh": "high", "progressivehigh": "high",
    "high10intra": "high10", "high422intra": "high422", "high444predictive": "high444",
}  # fmt: skip
_PROFILES: dict[str, dict[str, str]] = {  # where an encoder's word isn't the plain one
    "libx264": _H264,
    "libx265": {"main42210": "main422-10"},
    "libsvtav1": {}, "libvpx-vp9": {},
    "nvenc": _H264 | {"high444": "high444p", "high444predictive": "high444p"},
    "qsv": _H264 | {"0": "profile0", "2": "profile2"},
    "vaapi": _H264 | {
        "constrainedbaseline": "constrained_baseline", "baseline": "constrained_baseline",
    },
    "videotoolbox": _H264,
}  # fmt: skip
_LOOK_AHEAD = 20  # frames; NVENC holds each of them in the card's memory
_NVENC_B_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What bears on an encoder's options. ``on_card``: frames come from the card's memory."""

    video: VideoPlan
    spec: Spec
    rung: Rung
    on_card: bool = False

    @property
    def family(self) -> str:
        """``nvenc``, ``qsv``, ``vaapi``, ``videotoolbox`` or the software encoder's own name."""
        return family(self.rung.encoder)

    @property
    def speed(self) -> str:
        return _SPEEDS[self.family][list(Speed).index(self.spec.speed)]

    @property
    def pixels(self) -> float:
        """A second; 0 where the rate isn't known."""
        rate = self.video.frame_rate or self.video.source_rate
        return self.video.width * self.video.height * rate

    @property
    def profile(self) -> str:
        """As the encoder calls it; empty to ask for none."""
        written = plain(self.video.profile)
        return _PROFILES[self.family].get(written, written)


def family(encoder: str) -> str:
    """The kind of an encoder: ``nvenc`` for ``hevc_nvenc``, and its own name for software."""
    last = encoder.rpartition("_")[2]
    return last if last in _SPEEDS else encoder


def settings(task: Task) -> Words:
    """Every option of the encoder itself, from its name to the tag in the container."""
    return [
        "-c:v:0", task.rung.encoder,
        *_OPTIONS[task.family](task),
        *rate_control(
            task.spec, task.rung.encoder, reduced=task.rung.reduced, pixels=task.pixels
        ),
        *_key_frames(task), *_pixels(task), *color_options(task.video), *_tag(task),
    ]  # fmt: skip


def _x264(task: Task) -> Words:
    """The level is always named: else a slow preset takes 16 reference frames and level 5.1."""
    return [
        "-preset:v:0", task.speed,
        *_given("-profile:v:0", task.profile),
        *_given("-level:v:0", task.video.level),
        *_number("-refs:v:0", task.spec.max_reference_frames),
        *_number("-bf:v:0", task.spec.max_b_frames),
    ]  # fmt: skip


def _x265(task: Task) -> Words:
    """Level and tier go by x265's own parameters, which know no name of ffmpeg's."""
    own = ["log-level=error"]
    if task.video.level:
        own += [f"level-idc={task.video.level}"]
        own += [f"high-tier={int(task.spec.tier == 'high')}"]
    if task.spec.max_reference_frames:
        own += [f"ref={task.spec.max_reference_frames}"]
    if task.video.color[1] == "smpte2084":
        own += ["hdr10-opt=1", "repeat-headers=1"]
    return [
        "-preset:v:0", task.speed,
        *_given("-profile:v:0", task.profile),
        *_number("-bf:v:0", task.spec.max_b_frames),
        "-x265-params:v:0", ":".join(own),
    ]  # fmt: skip


def _svtav1(task: Task) -> Words:
    """Tune 0 is for the eye. Without B-frames it has to be told to look back only, and then holds
    a bit rate strictly or not at all.
    """
    own = ["tune=0"]
    if task.video.level:
        own += [f"level={_counted(task.video.level, 10)}"]
    if task.spec.tier == "high":
        own += ["tier=1"]
    if task.spec.max_b_frames == 0:
        own += ["pred-struct=1"]
        own += ["rc=2"] if task.spec.rate_control is RateControl.BITRATE else []
    return ["-preset:v:0", task.speed, "-svtav1-params:v:0", ":".join(own)]


def _vp9(task: Task) -> Words:
    """Rows in parallel, or it uses a core or two. Its profile follows from the pixel format."""
    return [
        "-deadline:v:0", "realtime" if task.spec.speed is Speed.FASTEST else "good",
        "-cpu-used:v:0", "8" if task.spec.speed is Speed.FASTEST else task.speed,
        "-row-mt:v:0", "1",
        *_given("-level:v:0", task.video.level),
        *(["-auto-alt-ref:v:0", "0"] if task.spec.max_b_frames == 0 else []),
    ]  # fmt: skip


def _nvenc(task: Task) -> Words:
    """Never a level: the driver refuses what doesn't fit rather than adjusting it.

    Cards before Turing lack B-frames as references, some lack B-frames in HEVC altogether.
    """
    b_frames = task.spec.max_b_frames
    words = ["-preset:v:0", task.speed, "-tune:v:0", "hq"]
    if task.rung.encoder != "av1_nvenc":  # which has none to choose
        words += _given("-profile:v:0", task.profile)
    if task.spec.tier == "high" and task.rung.encoder != "h264_nvenc":
        words += ["-tier:v:0", "1" if task.rung.encoder == "av1_nvenc" else "high"]
    if task.rung.reduced:
        words += ["-bf:v:0", "0"]
    else:
        count = _NVENC_B_FRAMES if b_frames is None else b_frames
        words += ["-rc-lookahead:v:0", str(_LOOK_AHEAD)]
        words += ["-spatial-aq:v:0", "1", "-aq-strength:v:0", "8", "-bf:v:0", str(count)]
        words += ["-b_ref_mode:v:0", "middle"] if count > 1 else []
    words += _number("-dpb_size:v:0", task.spec.max_reference_frames)
    if not task.on_card and task.rung.device:
        words += ["-gpu:v:0", task.rung.device]
    return words


def _qsv(task: Task) -> Words:
    words = ["-preset:v:0", task.speed]
    words += _given("-profile:v:0", task.profile)
    if task.rung.encoder != "vp9_qsv":  # which has none
        words += _given("-level:v:0", _counted(task.video.level, 10))
    words += _number("-refs:v:0", task.spec.max_reference_frames)
    words += _number("-bf:v:0", 0 if task.rung.reduced else task.spec.max_b_frames)
    if not task.rung.reduced and task.rung.encoder == "h264_qsv":
        words += ["-look_ahead:v:0", "1"]
    return words


def _vaapi(task: Task) -> Words:
    """It has at most two reference frames by itself."""
    words: Words = []
    if not task.rung.reduced:
        words += ["-compression_level:v:0", task.speed]
    if task.rung.encoder != "vp9_vaapi":
        words += _given("-profile:v:0", task.profile)
        words += _given("-level:v:0", _vaapi_level(task))
    if task.spec.tier == "high" and task.rung.encoder in ("hevc_vaapi", "av1_vaapi"):
        words += ["-tier:v:0", "high"]
    return words + _number("-bf:v:0", 0 if task.rung.reduced else task.spec.max_b_frames)


def _videotoolbox(task: Task) -> Words:
    """``allow_sw 0``: the processor is a rung of its own, with a better encoder."""
    return [
        "-allow_sw:v:0", "0",
        *_given("-profile:v:0", task.profile),
        *(_given("-level:v:0", task.video.level) if task.rung.encoder.startswith("h264") else []),
        *([] if task.rung.reduced else ["-prio_speed:v:0", task.speed]),
        *_number("-bf:v:0", task.spec.max_b_frames),
    ]  # fmt: skip


_OPTIONS: dict[str, Callable[[Task], Words]] = {
    "libx264": _x264, "libx265": _x265, "libsvtav1": _svtav1, "libvpx-vp9": _vp9,
    "nvenc": _nvenc, "qsv": _qsv, "vaapi": _vaapi, "videotoolbox": _videotoolbox,
}  # fmt: skip


def _key_frames(task: Task) -> Words:
    """At most so far apart; by the clock where the rate isn't known."""
    seconds = task.spec.gop_seconds
    if not seconds:
        return []
    rate = task.video.frame_rate or task.video.source_rate
    if not rate:
        return ["-force_key_frames:v:0", f"expr:gte(t,n_forced*{seconds:g})"]
    return ["-g:v:0", str(max(1, round(seconds * rate)))]


def _pixels(task: Task) -> Words:
    """None for frames on a card: their format is the filters' business."""
    if task.on_card or task.family == "vaapi":
        return []
    return ["-pix_fmt:v:0", pixel_format(task)]


def pixel_format(task: Task) -> str:
    """The spec's, in the arrangement that the encoder takes: cards want both colours together."""
    wanted = task.video.pixel_format or task.spec.pixel_format or "yuv420p"
    if task.family in ("qsv", "vaapi", "videotoolbox"):
        return {"yuv420p": "nv12", "yuv420p10le": "p010le"}.get(wanted, wanted)
    if task.family == "nvenc":
        return {"yuv420p10le": "p010le"}.get(wanted, wanted)
    return wanted


def _tag(task: Task) -> Words:
    """ffmpeg writes hev1, which Apple's and Cast's players don't take."""
    is_mp4 = task.spec.container is Container.MP4
    return ["-tag:v:0", "hvc1"] if is_mp4 and task.video.codec == "hevc" else []


def _vaapi_level(task: Task) -> str:
    """As it stands in the stream: its names for levels aren't complete."""
    if task.rung.encoder == "av1_vaapi":  # four minor levels each, from 2.0 on
        major, _, minor = task.video.level.partition(".")
        return str((int(major) - 2) * 4 + int(minor or 0)) if major.isdigit() else ""
    return _counted(task.video.level, 30 if task.rung.encoder == "hevc_vaapi" else 10)


def _counted(level: str, factor: int) -> str:
    """``4.1`` as ``41`` or ``123``; empty for what isn't a number."""
    try:
        return str(round(float(level) * factor))
    except ValueError:
        return ""


def _given(option: str, value: str) -> Words:
    return [option, value] if value else []


def _number(option: str, value: int | None) -> Words:
    return [option, str(value)] if value is not None else []

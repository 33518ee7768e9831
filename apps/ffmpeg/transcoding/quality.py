"""How much of the picture an encoding has kept: samples of the output against the source."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean

from apps.core.progress import Progress, silent
from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST
from apps.ffmpeg.transcoding.commands.filters import rate
from apps.ffmpeg.transcoding.plans import Plan, VideoPlan
from apps.ffmpeg.transcoding.running import STALL_S, follow
from apps.ffmpeg.transcoding.spec import Spec
from apps.ffmpeg.transcoding.surveying import StreamSurvey

_SAMPLES = 5
_SAMPLE_S = 2.0
_LEAD_S = 1.0  # decoded before a sample, for filters that look back
_LONG_GOP_S = 10.0
_SHORT_S = 20.0  # a shorter film is compared whole
_SSIM = re.compile(r"SSIM .*\bAll:(-?[0-9.]+)")
_VMAF = re.compile(r"VMAF score: (-?[0-9.]+)")
# A single sample may be so much worse than the floor that all of them have to reach together.
_SSIM_LENIENCE, _VMAF_LENIENCE = 0.05, 8.0


@dataclass(frozen=True, slots=True)
class Quality:
    """Means and worst samples; SSIM from 0 to 1, VMAF from 0 to 100, ``None``: not measured.

    ``fault`` is a sentence if a floor isn't reached, ``note`` says why something wasn't measured.
    """

    ssim: float | None = None
    ssim_worst: float | None = None
    vmaf: float | None = None
    vmaf_worst: float | None = None
    samples: int = 0
    fault: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both files, and their pictures as surveys found them; ``jumps`` as the source's survey."""

    source: bytes
    output: bytes
    given: StreamSurvey
    made: StreamSurvey
    jumps: bool = False

    @property
    def given_start_s(self) -> float:
        """In ffmpeg's time: where clocks may jump, what it reads alone begins at 0."""
        return 0.0 if self.jumps else self.given.start_s

    @property
    def given_lead_s(self) -> float:
        """How long before a sample to read; there a seek may land behind a key frame."""
        return _LEAD_S + (self.given.longest_gop_s or _LONG_GOP_S if self.jumps else 0.0)


def compare_quality(
    program: str,
    pair: Pair,
    *,
    plan: Plan,
    spec: Spec,
    report: Progress = silent,
    stall_s: float = STALL_S,
) -> Quality | None:
    """Samples of both; ``None`` where the spec sets no floor or no picture was encoded.

    Raises Stalled, ProcessFailed.
    """
    video = plan.video
    if video is None or video.copy or (spec.ssim_floor is None and spec.vmaf_floor is None):
        return None
    if video.tone_map or video.burn is not None:
        return Quality(note="Its light or its content was changed on purpose: nothing to compare.")
    measures = []
    if spec.ssim_floor is not None:
        measures.append(_Measure("SSIM", "ssim", _SSIM, spec.ssim_floor, _SSIM_LENIENCE))
    if spec.vmaf_floor is not None:
        measures.append(_Measure("VMAF", "libvmaf", _VMAF, spec.vmaf_floor, _VMAF_LENIENCE))
    windows = list(_windows(pair.made))
    for at, window in enumerate(windows):
        whole_ms = round(pair.made.end_s * 1_000)
        report(whole_ms * at // len(windows), whole_ms, phase="comparing")
        for one in measures:
            command = compare_command(program, pair, video, spec, window=window, by=one.filter)
            one.hear(follow(command, duration_ms=0, stall_s=stall_s).lines)
    return _judged({one.name: one for one in measures}, len(windows))


@dataclass(slots=True)
class _Measure:
    """One of ffmpeg's measures: how it is called, what it prints, and what it came to."""

    name: str
    filter: str
    pattern: "re.Pattern[str]"
    floor: float
    lenience: float
    found: list[float] = field(default_factory=list)

    def hear(self, lines: tuple[str, ...]) -> None:
        said = [match for line in lines if (match := self.pattern.search(line))]
        self.found += [float(said[-1][1])] if said else []

    @property
    def mean(self) -> float | None:
        return round(fmean(self.found), 4) if self.found else None

    @property
    def worst(self) -> float | None:
        return min(self.found, default=None)

    def fault(self) -> str:
        if self.mean is None or self.worst is None:  # every ffmpeg measures SSIM
            return "It can't be compared with the source." if self.name == "SSIM" else ""
        if self.mean < self.floor:
            return f"Its {self.name} is {self.mean:g}; {self.floor:g} is the least that it may be."
        if self.worst < self.floor - self.lenience:
            return f"In one place its {self.name} is {self.worst:g}, far below {self.floor:g}."
        return ""


def _windows(made: StreamSurvey) -> Iterator[tuple[float, float]]:
    """Seconds from the first frame of the picture."""
    length_s = made.end_s - made.start_s
    if length_s <= _SHORT_S:
        yield 0.0, length_s
        return
    for at in range(_SAMPLES):
        begin_s = length_s * (at + 0.5) / _SAMPLES - _SAMPLE_S / 2
        yield begin_s, begin_s + _SAMPLE_S


def compare_command(
    program: str, pair: Pair, video: VideoPlan, spec: Spec, *, window: tuple[float, float], by: str
) -> list[str | bytes]:
    """The command that prints how alike both are from one time to another of the picture.

    The source goes through what changes its frames' number and size. Containers round times: where
    frames keep theirs they are paired by number, and both begin a quarter of a frame before the
    same one; where the rate was made even, by their number in the output's rate.
    """
    even = video.frame_rate or (video.source_rate if spec.constant_frame_rate else 0.0)
    quarter_s = 0.25 / (video.frame_rate or video.source_rate or 25.0)
    begin_s, end_s = (one - quarter_s for one in window)
    look = f"scale=w={video.width}:h={video.height}:flags=bicubic:out_range=tv"
    steady = "format=yuv420p,setsar=1,settb=AVTB"
    if even:  # the first frame is shown from 0 on, again and again if need be
        grid = f"fps={rate(even)},trim=start={max(0.0, begin_s):.6f}:end={end_s:.6f}"
        made = [f"setpts=PTS-{pair.made.start_s:.6f}/TB", grid]
        given = [grid]
    else:
        made = [_trim(pair.made.start_s, begin_s, end_s)]
        given = [_trim(pair.given_start_s, begin_s, end_s)]
        steady += ",setpts=N*40000"
    if video.deinterlace:
        given.insert(0, "bwdif=mode=send_frame:deint=interlaced")
    graph = (
        f"[0:v:0]{','.join(made)},{look},{steady}[made];"
        f"[1:{pair.given.index}]{','.join(given)},{look},{steady}[given];"
        f"[made][given]{by}=shortest=1"
    )
    return [
        program, "-nostdin", "-hide_banner", "-loglevel", "info",
        *_input(pair.output, begin_s - _LEAD_S), *_input(pair.source, begin_s - pair.given_lead_s),
        "-copyts", "-start_at_zero", "-filter_complex", graph, "-an", "-sn", "-f", "null", "-",
    ]  # fmt: skip


def _trim(start_s: float, begin_s: float, end_s: float) -> str:
    return f"trim=start={max(0.0, start_s + begin_s):.6f}:end={start_s + end_s:.6f}"


def _input(path: bytes, from_s: float) -> list[str | bytes]:
    seek = ["-ss", f"{from_s:.3f}"] if from_s > 0 else []
    return [
        *seek, "-protocol_whitelist", PROTOCOL_WHITELIST, "-format_whitelist", FORMAT_WHITELIST,
        "-i", b"file:" + os.path.abspath(path),
    ]  # fmt: skip


def _judged(measures: dict[str, _Measure], samples: int) -> Quality:
    mean = {name: one.mean for name, one in measures.items()}
    worst = {name: one.worst for name, one in measures.items()}
    unknown = [name for name, found in mean.items() if found is None]
    return Quality(
        ssim=mean.get("SSIM"), ssim_worst=worst.get("SSIM"),
        vmaf=mean.get("VMAF"), vmaf_worst=worst.get("VMAF"), samples=samples,
        fault=" ".join(said for one in measures.values() if (said := one.fault())),
        note=f"This ffmpeg can't measure {' and '.join(unknown)}." if unknown else "",
    )  # fmt: skip

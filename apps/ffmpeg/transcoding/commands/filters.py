"""What is done to the picture between decoder and encoder, as a chain of ffmpeg's filters."""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from apps.ffmpeg.transcoding.commands.colors import color_filter, comes_as_rgb
from apps.ffmpeg.transcoding.commands.encoders import Task, pixel_format
from apps.ffmpeg.transcoding.commands.tones import tone_mapping

_USUAL_RATES = tuple(
    Fraction(count * 1000, unit)
    for count in (10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120)
    for unit in (1000, 1001)
)
_CLOSE = 0.005
_SCALERS = ("bilinear", "bicubic", "lanczos", "neighbor", "area", "spline", "gauss", "sinc")
_ON_CUDA = {"bilinear": "bilinear", "neighbor": "nearest", "lanczos": "lanczos"}
# Subtitles of DVDs are as wide as the coded picture, whose pixels needn't be square; others are
# drawn for a whole screen, of which a film may show less.
_DVD_WIDTH = 720


@dataclass(frozen=True, slots=True)
class Cut:
    """Half-open, in seconds of the source's time from its beginning."""

    start: float
    end: float | None


def usual_rate(frames: float) -> Fraction | None:
    """The rate in which film and television count that is meant, or None."""
    for rate in _USUAL_RATES:
        if abs(frames - float(rate)) < _CLOSE:
            return rate
    return None


def rate(frames: float) -> str:
    """Frames a second as ffmpeg counts them exactly: ``24000/1001``, ``25``."""
    return str(usual_rate(frames) or Fraction(frames).limit_denominator(1000))


def picture(
    task: Task, card: str, *, filters: Collection[str] | None = None, cut: Cut | None = None
) -> str:
    """The chain for ``-filter:v``; ``card`` as stays_on_card says, ``filters`` as ``command``."""
    return ",".join([*_chain(task, card, filters, cut), *_handed_over(task, card)])


def burning(
    task: Task,
    subtitle: int,
    *,
    filters: Collection[str] | None = None,
    cut: Cut | None = None,
) -> str:
    """A graph that draws the subtitle stream on the picture ``[v]``, within it and in its middle.

    Drawn last, at the output's own size; the sizes of both needn't be alike.
    """
    video = task.video
    wide, high = video.width, video.height
    width = f"if(lte(iw,{_DVD_WIDTH}),{wide},min({wide},iw*{high}/ih))"
    height = f"if(lte(iw,{_DVD_WIDTH}),{high},min({high},ih*{wide}/iw))"
    before = ",".join(_chain(task, "", filters, cut))
    after = ",".join(_handed_over(task, ""))
    return (
        f"[0:{video.index}]{before}[p];[0:{subtitle}]scale=w='{width}':h='{height}'[s];"
        f"[p][s]overlay=x=(W-w)/2:y=(H-h)/2:format=auto:eof_action=pass,{after}[v]"
    )


def _chain(task: Task, card: str, filters: Collection[str] | None, cut: Cut | None) -> list[str]:
    """Interlacing goes first (it is of neighbouring lines), then frames are left out before they
    cost anything; a cut counts the frames that are really encoded.
    """
    video = task.video
    chain = _deinterlacing(task, card, filters)
    if video.frame_rate:
        chain.append(f"fps={rate(video.frame_rate)}")
    if cut is not None:
        end = "" if cut.end is None else f":end={cut.end:.6f}"
        chain.append(f"trim=start={cut.start:.6f}{end}")
    chain += _on_card(task, card) if card else _by_processor(task, filters)
    chain += ["setsar=1"] if task.spec.square_pixels else []
    return chain + color_filter(video)


def _handed_over(task: Task, card: str) -> list[str]:
    if card:
        return []
    upload = ["hwupload"] if task.family == "vaapi" else []
    return [f"format={pixel_format(task)}", *upload]


def _deinterlacing(task: Task, card: str, filters: Collection[str] | None) -> list[str]:
    """One frame of two fields, and only where frames say that they are interlaced.

    Many files don't tell of it before they are decoded: where the filter costs next to nothing, it
    is always there. Those of VAAPI and Quick Sync are the driver's, or touch all frames.
    """
    always = card == "" or (card == "cuda" and (filters is None or "yadif_cuda" in filters))
    if not (task.video.deinterlace or (task.spec.deinterlace and always)):
        return []
    return [{
        "cuda": "yadif_cuda=mode=send_frame:deint=interlaced",
        "vaapi": "deinterlace_vaapi=rate=frame:auto=1",
        "qsv": "vpp_qsv=deinterlace=advanced",
    }.get(card, "bwdif=mode=send_frame:deint=interlaced")]  # fmt: skip


def _by_processor(task: Task, filters: Collection[str] | None) -> list[str]:
    """``out_range``: newer versions would keep the whole range of values where the source has it.

    Bright light is averaged rightly only after tone mapping, and there is less to reckon before it
    if the picture is made smaller first: so sizes go down first.
    """
    video = task.video
    scaler = task.spec.scaler if task.spec.scaler in _SCALERS else "bicubic"
    matrix = ":out_color_matrix=bt709" if comes_as_rgb(video) else ""
    chain = [f"scale=w={video.width}:h={video.height}:flags={scaler}:out_range=tv{matrix}"]
    return chain + (tone_mapping(video.tone_map, filters=filters) if video.tone_map else [])


def _on_card(task: Task, card: str) -> list[str]:
    video, form = task.video, pixel_format(task)
    size = f"w={video.width}:h={video.height}"
    if card == "cuda":
        scaler = _ON_CUDA.get(task.spec.scaler, "bicubic")
        return [f"scale_cuda={size}:interp_algo={scaler}:format={form}"]
    if card == "vaapi":
        return [f"scale_vaapi={size}:format={form}:mode=hq:out_range=tv"]
    return [f"vpp_qsv={size}:format={form}:scale_mode=2"]  # high quality; 5.1 has no word for it

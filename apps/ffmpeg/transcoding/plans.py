"""What is to be done with one file, stream by stream, and why."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Deed(StrEnum):
    """What a plan comes to."""

    SKIP = "skip"  # it complies already
    REFUSE = "refuse"  # it can't or mustn't be done
    REMUX = "remux"
    AUDIO = "audio"
    VIDEO = "video"
    BOTH = "both"


class SubtitleDeed(StrEnum):
    COPY = "copy"
    CONVERT = "convert"
    SIDECAR = "sidecar"
    BURN = "burn"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that a spec asks of a file: what was found there, and whether it will do.

    ``name`` is the spec's field that asks; ``stream`` the index of the stream in the file, if it is
    about one.
    """

    name: str
    wanted: str
    found: str
    ok: bool
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """The picture: copied, or encoded to ``codec`` at a size that is even and as it is shown.

    ``rotation`` (degrees, as MediaFacts counts) is undone by turning the pixels. ``frame_rate`` is
    0 to leave it (variable if it is). ``level`` is the one to ask for, empty to ask for none.
    ``tone_map`` is the source's transfer if the picture is to become SDR, else empty.
    """

    index: int
    copy: bool
    codec: str = ""
    width: int = 0
    height: int = 0
    scales: bool = False
    frame_rate: float = 0.0
    source_rate: float = 0.0
    deinterlace: bool = False
    rotation: int = 0
    tone_map: str = ""
    pixel_format: str = ""
    source_codec: str = ""
    source_pixel_format: str = ""
    profile: str = ""
    level: str = ""
    color: tuple[str, str, str] = ("", "", "")  # primaries, transfer, space that the output says
    dispose: tuple[str, ...] = ()  # bitstream filters and tags of a copy, such as hvc1
    burn: int | None = None  # index of an image subtitle to draw


@dataclass(frozen=True, slots=True)
class AudioPlan:
    """One track of sound; ``channels`` and ``sample_rate`` are the output's."""

    index: int
    copy: bool
    codec: str
    channels: int
    sample_rate: int
    bitrate: int
    language: str = ""
    title: str = ""
    default: bool = False
    downmix: str = ""


@dataclass(frozen=True, slots=True)
class SubtitlePlan:
    """One track of subtitles; ``codec`` is the output's, ``suffix`` a sidecar's (``.en.vtt``)."""

    index: int
    deed: SubtitleDeed
    codec: str = ""
    language: str = ""
    title: str = ""
    forced: bool = False
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to do a plan; the next is taken when this one's card refuses.

    ``encoder`` is ffmpeg's name (``""`` where no picture is encoded); ``decoder`` is ``"cuda"``,
    ``"vaapi"``, ``"qsv"``, ``"videotoolbox"`` or ``""`` for the processor; ``device`` is a card's
    number (CUDA) or path (VAAPI), ``card`` its lasting id. ``reduced``: without the options that
    older cards lack.
    """

    encoder: str
    decoder: str = ""
    device: str = ""
    card: str = ""
    reduced: bool = False

    @property
    def uses_gpu(self) -> bool:
        return bool(self.card)


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. ``reason`` is one sentence for people; ``code`` names the cause of a refusal.

    ``duration_ms`` is the source's; ``foreseen_bytes`` and ``foreseen_s`` are estimates, for the
    first rung. ``attachments`` and ``covers`` (still pictures) are indexes of streams;
    ``dropped`` says in words what is left out.
    """

    deed: Deed
    reason: str
    criteria: tuple[Criterion, ...] = ()
    container: str = ""
    extension: str = ""
    duration_ms: int = 0
    video: VideoPlan | None = None
    audio: tuple[AudioPlan, ...] = ()
    subtitles: tuple[SubtitlePlan, ...] = ()
    attachments: tuple[int, ...] = ()
    covers: tuple[int, ...] = ()
    chapters: bool = False
    metadata: bool = False
    rungs: tuple[Rung, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    foreseen_bytes: int = 0
    foreseen_s: float = 0.0
    code: str = ""

    @property
    def is_work(self) -> bool:
        return self.deed not in (Deed.SKIP, Deed.REFUSE)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a row and for the API."""
        return asdict(self)

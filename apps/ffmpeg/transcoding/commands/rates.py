"""Quality and bit rate in each encoder's own words."""

from dataclasses import dataclass

from apps.ffmpeg.transcoding.spec import RateControl, Spec

Words = list[str]


@dataclass(frozen=True, slots=True)
class Scale:
    """How ``Spec.quality`` (as x264's CRF counts) becomes an encoder's own number."""

    option: str
    factor: float
    offset: float
    low: float
    high: float
    whole: bool = True

    def __call__(self, quality: float) -> str:
        value = min(self.high, max(self.low, self.factor * quality + self.offset))
        return str(round(value)) if self.whole else f"{value:.4g}"


# Rules of thumb for pictures that look about alike at x264's preset medium, not measurements:
# CRF 22 is about 26 in x265, 25 in NVENC's H.264 and 27 in its HEVC, 32 in SVT-AV1 and 31 in VP9.
# AV1 and VP9 count to 63 in software, to 255 in VAAPI (four for one); VideoToolbox counts to 100,
# the other way round.
SCALES = {
    "libx264": Scale("-crf:v:0", 1, 0, 0, 51, whole=False),
    "libx265": Scale("-crf:v:0", 1, 4, 0, 51, whole=False),
    "libsvtav1": Scale("-crf:v:0", 1.2, 5.6, 1, 63),
    "libvpx-vp9": Scale("-crf:v:0", 1.2, 4.6, 0, 63),
    "h264_nvenc": Scale("-cq:v:0", 1, 3, 1, 51, whole=False),  # 0 would be "automatic"
    "hevc_nvenc": Scale("-cq:v:0", 1, 5, 1, 51, whole=False),
    "av1_nvenc": Scale("-cq:v:0", 1, 8, 1, 51, whole=False),  # to 63 in newer builds only
    "h264_qsv": Scale("-global_quality:v:0", 1, 1, 1, 51),
    "hevc_qsv": Scale("-global_quality:v:0", 1, 3, 1, 51),
    "av1_qsv": Scale("-global_quality:v:0", 1, 5, 1, 51),
    "vp9_qsv": Scale("-global_quality:v:0", 1, 5, 1, 51),
    "h264_vaapi": Scale("-qp:v:0", 1, 1, 1, 51),
    "hevc_vaapi": Scale("-qp:v:0", 1, 3, 1, 51),
    "av1_vaapi": Scale("-global_quality:v:0", 4.8, 22, 1, 255),
    "vp9_vaapi": Scale("-global_quality:v:0", 4.8, 18, 1, 255),
    "h264_videotoolbox": Scale("-q:v:0", -1.6, 100, 1, 100),
    "hevc_videotoolbox": Scale("-q:v:0", -1.6, 100, 1, 100),
}

_BUFFER_S = 2  # of the highest rate, as players are built to hold
_BITS_A_PIXEL = {"h264_videotoolbox": 0.1, "hevc_videotoolbox": 0.06}  # a usual film's
_SOME_BITS = 4_000_000
_USUAL_SHARE = 0.7  # of the highest rate, where an encoder wants an average as well


def rate_control(spec: Spec, encoder: str, *, reduced: bool, pixels: float = 0.0) -> Words:
    """How many bits the picture gets; ``pixels`` a second count where only they tell."""
    if spec.rate_control is RateControl.BITRATE:
        return _by_bitrate(spec, encoder)
    kind = encoder.rpartition("_")[2]
    if kind == "vaapi":
        return _vaapi_quality(spec, encoder, reduced=reduced)
    if kind == "videotoolbox" and reduced:
        return ["-b:v:0", _guessed(spec, encoder, pixels), *_cap(spec)]
    words = [SCALES[encoder].option, SCALES[encoder](spec.quality)]
    if kind == "nvenc":  # without b:v 0 its usual 2 Mbit/s would weigh against cq
        return ["-rc:v:0", "vbr", *words, "-b:v:0", "0", *_cap(spec)]
    if encoder == "libvpx-vp9":  # b:v is the cap then, and 0 is none
        return [*words, "-b:v:0", str(spec.max_bitrate or 0)]
    if kind == "qsv" and spec.max_bitrate:  # the cap counts only beside an average
        words += ["-b:v:0", _usual(spec.max_bitrate)]
    return [*words, *_cap(spec)]


def _by_bitrate(spec: Spec, encoder: str) -> Words:
    words = ["-b:v:0", str(spec.video_bitrate or spec.max_bitrate or 0)]
    if encoder.endswith("_nvenc"):
        words = ["-rc:v:0", "vbr", *words]
    if encoder.endswith("_vaapi"):
        words = ["-rc_mode:v:0", "VBR", *words]
    if encoder == "libsvtav1":  # it takes a cap only with a quality
        return words
    return [*words, *_cap(spec)]


def _vaapi_quality(spec: Spec, encoder: str, *, reduced: bool) -> Words:
    """A constant quantizer knows no cap; quality with a cap is a mode that not all drivers have."""
    quality = SCALES[encoder]
    if not spec.max_bitrate:
        return ["-rc_mode:v:0", "CQP", quality.option, quality(spec.quality)]
    if reduced:
        return ["-rc_mode:v:0", "VBR", "-b:v:0", _usual(spec.max_bitrate), *_cap(spec)]
    return [
        "-rc_mode:v:0", "QVBR", "-global_quality:v:0", quality(spec.quality),
        "-b:v:0", _usual(spec.max_bitrate), *_cap(spec),
    ]  # fmt: skip


def _guessed(spec: Spec, encoder: str, pixels: float) -> str:
    """Macs with Intel's processors know no quality, only bit rates."""
    guess = round(pixels * _BITS_A_PIXEL[encoder])
    return str(min(guess, spec.max_bitrate or guess) or _SOME_BITS)


def _cap(spec: Spec) -> Words:
    if not spec.max_bitrate:
        return []
    held = spec.buffer_bits or _BUFFER_S * spec.max_bitrate
    return ["-maxrate:v:0", str(spec.max_bitrate), "-bufsize:v:0", str(held)]


def _usual(highest: int) -> str:
    return str(round(_USUAL_SHARE * highest))

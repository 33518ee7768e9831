"""What the output says of its colours, in words that ffmpeg's options and filters both take."""

from apps.ffmpeg.transcoding.plans import VideoPlan

_PRIMARIES = frozenset({
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428",
    "smpte431", "smpte432", "jedec-p22",
})  # fmt: skip
_TRANSFERS = frozenset({
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "log100", "log316",
    "iec61966-2-4", "bt1361e", "iec61966-2-1", "bt2020-10", "bt2020-12", "smpte2084", "smpte428",
    "arib-std-b67",
})  # fmt: skip
_SPACES = frozenset({
    "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "ycgco", "bt2020nc", "bt2020c",
})  # fmt: skip
# The option has its own names for these, and takes the common ones only since ffmpeg 7.
_TRANSFER_OPTIONS = {"bt470m": "gamma22", "bt470bg": "gamma28"}
_OF_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")


def comes_as_rgb(video: VideoPlan) -> bool:
    """A drawing or a screen: how it becomes luminance and colours is for us to choose."""
    return video.source_pixel_format.startswith(_OF_RGB)


def color_filter(video: VideoPlan) -> list[str]:
    """Marks the frames: newer versions believe them more than the encoder's options."""
    primaries, transfer, space = _colors(video)
    said = {"color_primaries": primaries, "color_trc": transfer, "colorspace": space}
    words = [f"{name}={value}" for name, value in said.items() if value]
    return ["setparams=" + ":".join(words)] if words else []


def color_options(video: VideoPlan) -> list[str]:
    """The encoder's options, all of them in the narrow range."""
    primaries, transfer, space = _colors(video)
    said = {
        "-color_primaries:v:0": primaries,
        "-color_trc:v:0": _TRANSFER_OPTIONS.get(transfer, transfer),
        "-colorspace:v:0": space,
        "-color_range:v:0": "tv",
    }
    return [word for name, value in said.items() if value for word in (name, value)]


def _colors(video: VideoPlan) -> tuple[str, str, str]:
    """What isn't known to every version is left unsaid; what is encoded can't be called ``gbr``."""
    primaries, transfer, space = video.color
    return (
        primaries if primaries in _PRIMARIES else "",
        transfer if transfer in _TRANSFERS else "",
        "bt709" if comes_as_rgb(video) else space if space in _SPACES else "",
    )

"""ffmpeg: one frame of a video as PNG on stdout."""

import ffmpeg

from apps.ffmpeg.commands.argv import SOURCE, arguments
from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST


def cover(program: str, path: bytes, *, at_ms: int) -> list[str | bytes]:
    """The command that prints the frame at ``at_ms`` as it is displayed.

    ``-ss`` before the input seeks by index. ``0:V:0`` is the first video stream that isn't a cover
    picture. ffmpeg turns the frame itself; the scale filter applies the sample aspect ratio.
    """
    stream = ffmpeg.input(
        SOURCE,
        ss=f"{at_ms / 1000:.3f}",
        protocol_whitelist=PROTOCOL_WHITELIST,
        format_whitelist=FORMAT_WHITELIST,
    )
    output = ffmpeg.output(
        stream["V:0"],
        "pipe:1",
        vf="scale=w=iw*sar:h=ih,setsar=1",
        format="image2pipe",
        vcodec="png",
        **{"frames:v": 1},
    )
    return arguments(program, output, source=path)

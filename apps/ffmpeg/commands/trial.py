"""ffmpeg: encode one small frame, and decode it again."""

import ffmpeg

_VAAPI_DEVICE = "/dev/dri/renderD128"


def encode_frame(program: str, encoder: str) -> list[str]:
    """The command that prints one encoded 320x240 frame, or 0.1 s of sound, as NUT.

    Hardware encoders refuse frames smaller than about 256 pixels.
    """
    settings: dict[str, str] = {}
    if encoder in ("aac", "libopus", "libmp3lame"):
        stream = ffmpeg.input("sine=r=48000:d=0.1", format="lavfi")
        settings["acodec"] = encoder
    else:
        stream = ffmpeg.input("testsrc2=s=320x240:r=25:d=0.04", format="lavfi")
        settings |= {"vcodec": encoder, "frames:v": "1"}
        settings |= {"vf": "format=nv12,hwupload"} if _is_vaapi(encoder) else {"pix_fmt": "yuv420p"}
    output = ffmpeg.output(stream, "pipe:1", format="nut", **settings)
    device = ["-vaapi_device", _VAAPI_DEVICE] if _is_vaapi(encoder) else []
    return [*_compiled(program, output), *device]


def decode_frame(program: str) -> list[str]:
    """The command that decodes NUT from stdin and prints the checksum of each frame."""
    return _compiled(program, ffmpeg.output(ffmpeg.input("pipe:0"), "pipe:1", format="framecrc"))


def _is_vaapi(encoder: str) -> bool:
    return encoder.endswith("_vaapi")


def _compiled(program: str, output: ffmpeg.nodes.Stream) -> list[str]:
    return list(output.global_args("-hide_banner", "-loglevel", "error").compile(cmd=program))

"""Each command as one line, so that a change of it is seen."""

import shlex

from apps.ffmpeg.commands.clip import AAC, X264, Clip, make_clip
from apps.ffmpeg.commands.cover import cover
from apps.ffmpeg.commands.probe import probe
from apps.ffmpeg.formats import FORMAT_WHITELIST


def _line(command: list[str] | list[str | bytes]) -> str:
    words = [word.decode() if isinstance(word, bytes) else word for word in command]
    return shlex.join(words).replace(FORMAT_WHITELIST, "FORMATS")


def test_probe() -> None:
    assert _line(probe("ffprobe", b"/films/http:a b.mp4")) == (
        "ffprobe -hide_banner -loglevel error -protocol_whitelist file -format_whitelist FORMATS"
        " -print_format json=compact=1 -show_format -show_streams -show_chapters"
        " -i 'file:/films/http:a b.mp4'"
    )


def test_cover() -> None:
    assert _line(cover("ffmpeg", b"/films/-a.mp4", at_ms=61_500)) == (
        "ffmpeg -format_whitelist FORMATS -protocol_whitelist file -ss 61.500"
        " -i file:/films/-a.mp4 -map 0:V:0 -f image2pipe -frames:v 1 -vcodec png"
        " -vf 'scale=w=iw*sar:h=ih,setsar=1' pipe:1 -nostdin -hide_banner -loglevel error"
    )


def test_cover_keeps_a_name_that_is_not_utf8() -> None:
    assert b"file:/films/\xff.mp4" in cover("ffmpeg", b"/films/\xff.mp4", at_ms=0)


def test_clip() -> None:
    clip = Clip(
        "a.mkv", "matroska", 4, video="testsrc2", audio="sine", encode=(*X264, *AAC),
        chapters=((0, "One"),), subtitles=((1, "Hello"),), title="A",
    )  # fmt: skip

    assert _line(make_clip("ffmpeg", clip, "/out.mkv")) == (
        "ffmpeg -nostdin -hide_banner -loglevel error -y -f lavfi -t 4 -i testsrc2"
        " -f lavfi -t 4 -i sine"
        " -f srt -i 'data:text/plain;base64,MQowMDowMDowMSwwMDAgLS0+IDAwOjAwOjAzLDAwMApIZWxsbwoK'"
        " -f ffmetadata -i 'data:text/plain;base64,"
        "O0ZGTUVUQURBVEExCltDSEFQVEVSXQpUSU1FQkFTRT0xLzEKU1RBUlQ9MApFTkQ9NAp0aXRsZT1PbmUK'"
        " -map 0 -map 1 -map 2:s -c:s srt -metadata:s:s:0 language=eng -map_chapters 3"
        " -c:v libx264 -preset veryfast -crf 24 -pix_fmt yuv420p -c:a aac -b:a 96k"
        " -metadata title=A -f matroska file:/out.mkv"
    )

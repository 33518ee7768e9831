"""The text of playlists (RFC 8216)."""

import math
from collections.abc import Sequence
from urllib.parse import urlencode

from apps.playback.services.hls.ladder import Variant


def master(variants: Sequence[Variant], parameters: dict[str, str]) -> str:
    """The playlist of the variants; ``parameters`` are handed on in every address."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for one in variants:
        about = [f"BANDWIDTH={one.bits_per_s}", f'CODECS="{one.codecs}"']
        about += [f"RESOLUTION={one.size[0]}x{one.size[1]}"] if one.size else []
        about += [f'NAME="{one.name}"']
        lines += ["#EXT-X-STREAM-INF:" + ",".join(about)]
        lines += [f"{one.name}/index.m3u8?{urlencode(parameters)}"]
    return "\n".join(lines) + "\n"


def index(variant: Variant, parameters: dict[str, str]) -> str:
    """The playlist of a variant's segments, all known in advance."""
    query = urlencode(parameters)
    durations = variant.durations_s
    lines = [
        "#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{max(math.ceil(max(durations)), 1)}",
        "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="init.mp4?{query}"',
    ]  # fmt: skip
    for number, duration in enumerate(durations):
        lines += [f"#EXTINF:{duration:.6f},", f"{number}.m4s?{query}"]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"

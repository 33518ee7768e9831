"""Videos that are hard to take pictures of, made by ffmpeg where they are first asked for."""

import fcntl
import hashlib
import subprocess
from functools import cache
from pathlib import Path

from tests.media import ffmpeg

_CACHE = Path(__file__).parents[2] / "build" / "test-media" / "frames"
_TEST = "testsrc2=s=192x108:r=25"
_X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p"
_PQ = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -color_range tv"
_RECIPES = {
    "gops.mp4": f"-f lavfi -t 8 -i {_TEST} {_X264} -g 12",
    "gops.mkv": f"-f lavfi -t 8 -i {_TEST} {_X264} -g 12",
    "open.mp4": f"-f lavfi -t 4 -i {_TEST} -c:v libx265 -preset ultrafast "
    "-x265-params log-level=none:keyint=12:open-gop=1:bframes=3 -pix_fmt yuv420p",
    "bt709.mp4": f"-f lavfi -t 4 -i {_TEST},scale=640:360 {_X264} -g 25 -colorspace bt709 "
    "-color_primaries bt709 -color_trc bt709",
    "long_gop.mp4": f"-f lavfi -t 30 -i {_TEST} {_X264} -g 1000 -keyint_min 1000 -sc_threshold 0",
    "usual_gop.mp4": f"-f lavfi -t 60 -i testsrc2=s=192x108:r=5 {_X264} -g 50 -sc_threshold 0",
    "interlaced.mp4": f"-f lavfi -t 3 -i {_TEST} {_X264} -flags +ildct+ilme -top 1 -g 12",
    "vfr.mp4": f"-f lavfi -t 6 -i {_TEST},select='lt(t\\,1)+not(mod(n\\,11))' -vsync vfr {_X264} "
    "-g 5 -bf 0",
    "intra.mov": f"-f lavfi -t 3 -i {_TEST} -c:v mjpeg -q:v 5 -pix_fmt yuvj420p",
    "one_frame.mp4": f"-f lavfi -i {_TEST} -frames:v 1 {_X264}",
    "no_duration.mkv": f"-f lavfi -t 5 -i {_TEST} {_X264} -g 12 -live 1",
    "fragmented.mp4": f"-f lavfi -t 5 -i {_TEST} {_X264} -g 12 "
    "-movflags frag_keyframe+empty_moov+default_base_moof",
    "longer_sound.mp4": f"-f lavfi -t 2 -i {_TEST} -f lavfi -t 8 -i sine {_X264} -g 12 -c:a aac",
    "stream.ts": f"-f lavfi -t 6 -i {_TEST} -f lavfi -t 6 -i sine {_X264} -g 50 -c:a mp2",
    "h264.flv": f"-f lavfi -t 6 -i {_TEST} {_X264} -g 50",
    "theora.wmv": f"-f lavfi -t 4 -i {_TEST} -c:v wmv2 -q:v 5 -g 20",
    "hdr_scene.mkv": f"-f lavfi -t 3 -i {_TEST},format=yuv420p10 -c:v libx265 -preset ultrafast "
    f"-x265-params log-level=none -pix_fmt yuv420p10le {_PQ} -g 12",
    "uhd.mp4": "-f lavfi -t 3 -i testsrc2=s=3840x2160:r=10 -c:v libx264 -preset ultrafast "
    "-pix_fmt yuv420p -g 10",
    "grey.mp4": "-f lavfi -t 3 -i color=gray:s=192x108:r=25,noise=alls=2:allf=t "
    f"{_X264} -crf 18",
    "av1.webm": f"-f lavfi -t 2 -i {_TEST} -c:v libsvtav1 -preset 12 -g 25 -pix_fmt yuv420p",
    "frames.avi": f"-f lavfi -t 4 -i {_TEST} -c:v mpeg4 -q:v 4 -bf 2 -g 12",
}  # fmt: skip
NAMES = tuple(_RECIPES)
_PIPED = frozenset({"no_duration.mkv"})  # whoever writes it can't go back and write down the end


@cache
def clip(name: str) -> Path:
    """The clip; shared: never change it."""
    recipe = _RECIPES[name]
    path = _CACHE / hashlib.sha256(recipe.encode()).hexdigest()[:12] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _make(recipe, path)
    return path


def _make(recipe: str, path: Path) -> None:
    command = [ffmpeg(), "-nostdin", "-loglevel", "error", "-y", "-threads", "1"]
    command += recipe.replace("'", "").split()
    unfinished = path.with_name(f"part.{path.name}")
    if path.name in _PIPED:
        made = subprocess.run([*command, "-f", "matroska", "-"], check=True, capture_output=True)
        unfinished.write_bytes(made.stdout)
    else:
        subprocess.run([*command, str(unfinished)], check=True, capture_output=True)
    unfinished.rename(path)


def spoilt(folder: Path) -> Path:
    """A video whose middle third is noise."""
    data = bytearray(clip("gops.mp4").read_bytes())
    third = len(data) // 3
    data[third : 2 * third] = hashlib.shake_128(b"noise").digest(third)
    path = folder / "spoilt.mp4"
    path.write_bytes(data)
    return path

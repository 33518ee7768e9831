"""Two videos as people have them: scenes that move, with noise, a key frame each ten seconds."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks import place

_SCENES = (  # with as much noise as leaves three of four frames to be B frames, as films have them
    "testsrc2=s={size}:r=25,noise=alls=5:allf=t",
    "testsrc=s={size}:r=25,scroll=h=0.003:v=0.002,noise=alls=5:allf=t",
    "smptehdbars=s={size}:r=25,rotate=a=t/9:c=gray,noise=alls=5:allf=t",
)
_SCENE_S = 10
_ENCODE = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", "250",
           "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """The scenes again and again, so many ``seconds``."""

    name: str
    size: str
    seconds: int


SAMPLES = (
    Sample("60 s 720p", "1280x720", 60),
    Sample("5 min 1080p", "1920x1080", 300),
)


def make_sample(sample: Sample, *, ffmpeg: str) -> Path:
    """The video; made once under ``build/bench/artifacts``."""
    recipe = hashlib.sha256(repr((_SCENES, _SCENE_S, _ENCODE, sample)).encode()).hexdigest()[:12]
    path = place.BUILD / "artifacts" / f"{recipe}.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"  making a video of {sample.name} (once)", flush=True)
        once = path.with_suffix(".once.mp4")
        subprocess.run(_encode(sample, ffmpeg, once), check=True)
        times = sample.seconds // (_SCENE_S * len(_SCENES))
        again = [ffmpeg, "-v", "error", "-y", "-stream_loop", str(times - 1), "-i", str(once),
                 "-c", "copy", "-f", "mp4", str(path.with_suffix(".part"))]  # fmt: skip
        subprocess.run(again, check=True)
        path.with_suffix(".part").rename(path)
        once.unlink()
    return path


def _encode(sample: Sample, ffmpeg: str, output: Path) -> list[str]:
    command = [ffmpeg, "-v", "error", "-y"]
    for scene in _SCENES:
        graph = scene.format(size=sample.size) + ",setsar=1,format=yuv420p"
        command += ["-f", "lavfi", "-t", str(_SCENE_S), "-i", graph]
    whole = str(_SCENE_S * len(_SCENES))
    command += ["-f", "lavfi", "-t", whole, "-i", "anoisesrc=a=0.1,tremolo=f=0.2"]
    joined = "".join(f"[{n}:v]" for n in range(len(_SCENES))) + f"concat=n={len(_SCENES)}[v]"
    command += ["-filter_complex", joined, "-map", "[v]", "-map", f"{len(_SCENES)}:a"]
    return [*command, *_ENCODE, str(output)]

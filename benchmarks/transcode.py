"""What following, halting and proving a transcode costs beside ffmpeg alone, and what chunks gain.

``MEDIAHUB_BENCH_TRANSCODE_TURNS`` sets how often each is done (5).
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import place
from benchmarks.artifacts_clips import Sample, make_sample
from benchmarks.report import Report
from benchmarks.turns import by_turns, paired_ratio

_TURNS = int(os.environ.get("MEDIAHUB_BENCH_TRANSCODE_TURNS", "5"))
_CLIP = Sample("30 s 720p", "1280x720", 30)
_CHUNK_S = 7.5
_MOST_BESIDE_FFMPEG = 1.02
_LEAST_BY_TWO = 1.6


def run(report: Report) -> None:
    """One film, by the product's own code and by the same command alone, in turns."""
    work = _Work()
    report.say("ffmpeg", work.version)
    _beside_ffmpeg(report, work)
    _checking(report, work)
    _chunks(report, work)


class _Work:
    """A film, and what the product would do with it."""

    def __init__(self) -> None:
        from apps.ffmpeg.binaries import find_binaries
        from apps.ffmpeg.transcoding.abilities import Abilities, Ability
        from apps.ffmpeg.transcoding.planning import plan
        from apps.ffmpeg.transcoding.spec import Spec, Speed
        from apps.ffmpeg.transcoding.surveying import survey

        found = find_binaries().ffmpeg
        assert found is not None
        self.program, self.version = found.path, found.version
        self.source = bytes(make_sample(_CLIP, ffmpeg=self.program))
        self.folder = place.BUILD / "transcode"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.survey = survey(self.source)
        self.spec = Spec(max_height=480, speed=Speed.FAST, max_size_percent=None)
        able = Abilities(encoders=(Ability("libx264", "h264", encodes=True),))
        self.plan = plan(
            self.survey.facts, self.spec, size_bytes=self.survey.size_bytes, abilities=able
        )
        self.rung = self.plan.rungs[0]

    def command(self, output: Path) -> list[str | bytes]:
        from apps.ffmpeg.transcoding.commands.whole import command

        return command(
            self.plan, self.spec, self.rung, program=self.program, source=self.source,
            output=bytes(output),
        )  # fmt: skip

    def encode(self, output: Path) -> Any:
        """As a job does it: followed, and asked every few seconds whether it may go on."""
        from apps.ffmpeg.transcoding.running import encode

        ended = encode(
            self.command(output), duration_ms=self.plan.duration_ms, output=bytes(output),
            most_bytes=self.survey.size_bytes * 10,
        )  # fmt: skip
        assert ended.returncode == 0, ended.lines
        return ended

    def alone(self, output: Path) -> None:
        words = self.command(output)
        subprocess.run([words[0], "-nostats", *words[1:]], check=True)

    def check(self, output: Path, ended: Any = None) -> Any:
        from apps.ffmpeg.transcoding.checking import check

        return check(
            source=self.source, output=bytes(output), plan=self.plan, spec=self.spec,
            facts=self.survey.facts, source_bytes=self.survey.size_bytes, program=self.program,
            ended=ended,
        )  # fmt: skip


def _beside_ffmpeg(report: Report, work: _Work) -> None:
    output = work.folder / "whole.mp4"
    turns = by_turns(
        _TURNS, {"alone": lambda: work.alone(output), "ours": lambda: work.encode(output)}
    )
    ours, alone = ([turn.wall_s for turn in turns[name]] for name in ("ours", "alone"))
    ratio, ratios = paired_ratio(ours, alone)
    report.add("encode: ours", median(ours), "s", turns=ours)
    report.add("encode: the same command alone", median(alone), "s", turns=alone)
    report.add("encode: ours to ffmpeg's", ratio, "x", most=_MOST_BESIDE_FFMPEG, turns=ratios)
    cpu, cpus = paired_ratio(*([turn.cpu_s for turn in turns[name]] for name in ("ours", "alone")))
    report.add("encode: CPU, ours to ffmpeg's", cpu, "x", turns=cpus)


def _checking(report: Report, work: _Work) -> None:
    output = work.folder / "whole.mp4"
    ended = work.encode(output)
    turns = by_turns(_TURNS, {"check": lambda: work.check(output, ended)})["check"]
    took = [turn.wall_s for turn in turns]
    frames = turns[-1].answer.frames
    report.add("check: all of it, decoded whole", median(took), "s", turns=took)
    report.add("check: of real time", work.plan.duration_ms / 1_000 / median(took), "x")
    report.check("check: every frame of the source is there", holds=frames == _frames(work))


def _frames(work: _Work) -> int:
    return int(work.survey.of("video")[0].packets)


def _chunks(report: Report, work: _Work) -> None:
    """Two workers of one processor each against one: as two machines stand to one of them."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < len("12"):
        report.say("chunks", "not measured: there is only one processor")
        return
    joined = work.folder / "joined.mp4"
    turns = by_turns(
        max(1, _TURNS // 2),
        {
            "whole": lambda: _on(cores[0], lambda: work.encode(work.folder / "whole.mp4")),
            "one": lambda: _in_chunks(work, cores[:1], joined),
            "two": lambda: _in_chunks(work, cores, joined),
        },
    )
    whole, one, two = ([turn.wall_s for turn in turns[name]] for name in ("whole", "one", "two"))
    report.add("chunks: in one piece, one worker", median(whole), "s", turns=whole)
    report.add("chunks: one worker, divided and joined", median(one), "s", turns=one)
    report.add("chunks: two workers, divided and joined", median(two), "s", turns=two)
    gain, gains = paired_ratio(one, two)
    report.add("chunks: two workers to one", gain, "x", least=_LEAST_BY_TWO, turns=gains)
    gain, gains = paired_ratio(whole, two)
    report.add("chunks: two workers to one piece", gain, "x", turns=gains)
    proof = work.check(joined)
    report.check("chunks: every frame of the source is there", holds=proof.frames == _frames(work))


def _on(core: int, work: Callable[[], Any]) -> Any:
    """Do it in a thread that has one processor, as have the processes that it starts."""
    answers: list[Any] = []

    def pinned() -> None:
        os.sched_setaffinity(0, {core})
        answers.append(work())

    thread = threading.Thread(target=pinned)
    thread.start()
    thread.join()
    return answers[0]


def _in_chunks(work: _Work, cores: Sequence[int], output: Path) -> float:
    from apps.ffmpeg.transcoding.chunks import encode_chunk, join, plan_chunks

    began = time.perf_counter()
    chunks = list(plan_chunks(work.source, work.plan, each_s=_CHUNK_S))
    paths = [bytes(work.folder / f"{chunk.number}.nut") for chunk in chunks]
    waiting = list(zip(chunks, paths, strict=True))

    def worker(core: int) -> None:
        os.sched_setaffinity(0, {core})
        while waiting:
            chunk, path = waiting.pop(0)
            encode_chunk(
                chunk, work.plan, work.spec, work.rung, program=work.program, source=work.source,
                output=path,
            )  # fmt: skip

    threads = [threading.Thread(target=worker, args=(core,)) for core in cores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = _on(
        cores[0],
        lambda: join(
            paths, work.plan, work.spec, program=work.program, source=work.source,
            output=bytes(output),
        ),
    )  # fmt: skip
    assert ended.returncode == 0, ended.lines
    return time.perf_counter() - began

"""ffmpeg's blocks of progress, as versions 5 to 9 print them."""

import pytest

from apps.ffmpeg.transcoding.progress import Pace, ProgressReader, Tick

_BLOCK = (
    b"frame=119\nfps=59.50\nstream_0_0_q=28.0\nbitrate= 310.6kbits/s\ntotal_size=184320\n"
    b"out_time_us=4746667\nout_time_ms=4746667\nout_time=00:00:04.746667\n"
    b"dup_frames=2\ndrop_frames=1\nspeed=1.06x\nprogress=continue\n"
)


def test_reads_a_block_wherever_it_is_cut() -> None:
    for size in (1, 7, 1_000):
        reader = ProgressReader()

        parts = [_BLOCK[at : at + size] for at in range(0, len(_BLOCK), size)]
        ticks = [tick for part in parts for tick in reader.feed(part)]

        assert ticks == [
            Tick(
                out_ms=4_746, frames=119, fps=59.5, speed=1.06, size_bytes=184_320, repeated=2,
                dropped=1,
            )
        ]  # fmt: skip


def test_milliseconds_are_read_from_microseconds() -> None:
    (tick,) = ProgressReader().feed(b"out_time_ms=2000000\nout_time_us=2000000\nprogress=end\n")

    assert (tick.out_ms, tick.ended) == (2_000, True)


@pytest.mark.parametrize(
    ("line", "out_ms"), [(b"N/A", None), (b"-41000", 0), (b"-9223372036854775807", 0), (b"", None)]
)
def test_a_time_that_is_none_yet(line: bytes, out_ms: int | None) -> None:
    (tick,) = ProgressReader().feed(b"out_time_us=" + line + b"\nprogress=continue\n")

    assert tick.out_ms == out_ms


@pytest.mark.parametrize(
    ("text", "speed"), [(b"5.8e+03x", 5_800), (b" 0.5x", 0.5), (b"N/A", None), (b"1e999x", None)]
)
def test_speeds_as_ffmpeg_writes_them(text: bytes, speed: float | None) -> None:
    (tick,) = ProgressReader().feed(b"speed=" + text + b"\nprogress=continue\n")

    assert tick.speed == speed


def test_what_is_copied_has_no_frames() -> None:
    (tick,) = ProgressReader().feed(b"total_size=N/A\nout_time_us=1000\nprogress=continue\n")

    assert (tick.frames, tick.fps, tick.size_bytes) == (None, None, None)


def test_nonsense_is_bounded_and_harms_nothing() -> None:
    reader = ProgressReader()

    assert reader.feed(b"x" * 10_000_000) == []
    assert reader.feed(b"\n\xff\xfe=\n=\nprogress=continue\n") == [Tick()]


class TestPace:
    def test_speed_follows_what_happens_now(self) -> None:
        pace = Pace()
        for second in range(60):
            pace.note(second * 4_000, at_s=second)
        for second in range(60):
            pace.note(236_000 + second * 1_000, at_s=59 + second)

        assert pace.speed == pytest.approx(1.0, abs=0.2)
        assert pace.eta_s(60_000) == pytest.approx(60, abs=10)

    def test_nothing_is_foretold_before_anything_happened(self) -> None:
        pace = Pace()

        assert pace.eta_s(1_000) is None
        pace.note(0, at_s=0)
        pace.note(0, at_s=5)
        assert pace.eta_s(1_000) is None

"""What ffmpegs and drivers said: recorded where there was no card, or told by others."""

import subprocess
from pathlib import Path

import pytest

from apps.ffmpeg.transcoding.refusals import Next, classify, reason
from tests.ffmpeg.transcoding.commanded import programs
from tests.media import media

_NVENC_5 = """\
[h264_nvenc @ 0x55595899c740] Cannot load libcuda.so.1
Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe \
incorrect parameters such as bit_rate, rate, width or height
"""
_NVENC_9 = """\
[h264_nvenc @ 0x561e1f978fc0] Cannot load libcuda.so.1
[vost#0:0/h264_nvenc @ 0x561e1f951bc0] [enc:h264_nvenc @ 0x561e1f976b80] Error while opening \
encoder - maybe incorrect parameters such as bit_rate, rate, width or height.
[vf#0:0 @ 0x561e1f953180] Error sending frames to consumers: Operation not permitted
[out#0/mp4 @ 0x561e1f973100] Nothing was written into output file, because at least one of its \
streams received no packets.
"""
_DECODER_5 = """\
[AVHWDeviceContext @ 0x56480187eec0] Cannot load libcuda.so.1
[AVHWDeviceContext @ 0x56480187eec0] Could not dynamically load CUDA
Device creation failed: -1.
[h264 @ 0x56480184e580] No device available for decoder: device type cuda needed for codec h264.
Device setup failed for decoder on input stream #0:0 : Operation not permitted
"""
_VAAPI = """\
[AVHWDeviceContext @ 0x559878728940] No VA display found for device /dev/dri/renderD128.
Device creation failed: -22.
Failed to set value 'vaapi=card:/dev/dri/renderD128' for option 'init_hw_device': Invalid argument
Error parsing global options: Invalid argument
"""
_QSV_9 = """\
[h264_qsv @ 0x55df6cb93200] Error creating a MFX session: -9.
[vost#0:0/h264_qsv @ 0x55df6cbe7640] [enc:h264_qsv @ 0x55df6cbba2c0] Error while opening encoder \
- maybe incorrect parameters such as bit_rate, rate, width or height.
"""
_SPACE_5 = """\
Could not write header for output file #0 (incorrect codec parameters ?): No space left on device
Error initializing output stream 0:0 --
"""
_SPACE_9 = """\
[out#0/matroska @ 0x559d6c73e880] Error writing trailer: No space left on device
[out#0/matroska @ 0x559d6c73e880] Error closing file: No space left on device
"""
_MIXED = """\
Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' \
and the filter 'auto_scale_0'
Error reinitializing filters!
Failed to inject frame into filter network: Function not implemented
Error while processing the decoded data for stream #0:0
"""
_PGS_IN_MP4 = """\
[mp4 @ 0x56189d193040] Could not find tag for codec hdmv_pgs_subtitle in stream #1, codec not \
currently supported in container
Could not write header for output file #0 (incorrect codec parameters ?): Invalid argument
"""
_ODD = """\
[libx264 @ 0x56231e3c21c0] width not divisible by 2 (161x91)
Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe \
incorrect parameters such as bit_rate, rate, width or height
"""
_DEPTH = """\
x264 [error]: high profile doesn't support a bit depth of 10
[libx264 @ 0x5584713f2280] Error setting profile high.
"""
_SVT = """\
Svt[info]: -------------------------------------------
Svt[info]: SVT [version]:\tSVT-AV1 Encoder Lib v1.4.1
Svt[error]: Max Bitrate only supported with CRF mode
[libsvtav1 @ 0x5637b6efb240] Error setting encoder parameters: bad parameter (0x80001005)
"""
_MISSING_5 = "/films/a.mkv: No such file or directory\n"
_NO_MEDIA_9 = """\
[in#0 @ 0x5571efe99cc0] Error opening input: Invalid data found when processing input
Error opening input file /films/a.mkv.
"""
_SESSIONS = """\
[h264_nvenc @ 0x5571ef] OpenEncodeSessionEx failed: out of memory (10): (no details)
[h264_nvenc @ 0x5571ef] No capable devices found
"""
_NO_NVENC = """\
[h264_nvenc @ 0x5571ef] OpenEncodeSessionEx failed: unsupported device (2): (no details)
[h264_nvenc @ 0x5571ef] No capable devices found
"""
_OLD = """\
[h264_nvenc @ 0x5571ef] Driver does not support the required nvenc API version. Required: 13.0 \
Found: 12.1
[h264_nvenc @ 0x5571ef] The minimum required Nvidia driver for nvenc is 570.0 or newer
"""
_B_FRAMES = """\
[hevc_nvenc @ 0x5571ef] Max B-frames 3 exceed 0
[hevc_nvenc @ 0x5571ef] Provided device doesn't support required NVENC features
"""
_LOST = """\
[AVHWDeviceContext @ 0x5571ef] cu->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable \
device is detected
Device creation failed: -542398533.
"""
_NO_SURFACE = """\
[h264 @ 0x5571ef] Using more than 32 (37) decode surfaces might cause nvdec to fail.
[h264 @ 0x5571ef] decoder->cvdl->cuvidCreateDecoder(&decoder->decoder, params) failed -> \
CUDA_ERROR_INVALID_VALUE: invalid argument
[h264 @ 0x5571ef] Failed setup for format cuda: hwaccel initialisation returned error.
"""
_MODE = (
    "[h264_vaapi @ 0x5571ef] Driver does not support QVBR RC mode (supported modes: CQP, CBR).\n"
)


@pytest.mark.parametrize(
    ("said", "code", "then"),
    [
        (_NVENC_5, "no_driver", Next.NEXT_RUNG),
        (_NVENC_9, "no_driver", Next.NEXT_RUNG),
        (_DECODER_5, "no_driver", Next.NEXT_RUNG),
        (_VAAPI, "no_va_display", Next.NEXT_RUNG),
        (_QSV_9, "no_va_display", Next.NEXT_RUNG),
        (_SPACE_5, "no_space", Next.DISK),
        (_SPACE_9, "no_space", Next.DISK),
        (_MIXED, "filters_dont_fit", Next.NEXT_RUNG),
        (_PGS_IN_MP4, "container_refused", Next.FAIL),
        (_ODD, "odd_size", Next.FAIL),
        (_DEPTH, "encoder_refused", Next.REDUCE),
        (_SVT, "encoder_refused", Next.REDUCE),
        (_MISSING_5, "source_gone", Next.FAIL_SOURCE),
        (_NO_MEDIA_9, "source_damaged", Next.FAIL_SOURCE),
        ("Unknown encoder 'av1_nvenc'", "no_encoder", Next.NEXT_RUNG),
        ("[AVFilterGraph @ 0x5] No such filter: 'libvmaf'", "no_filter", Next.NEXT_RUNG),
        ("Unrecognized option 'nosuch'.", "option_unknown", Next.FAIL),
        ("Stream map '0:7' matches no streams.", "stream_missing", Next.FAIL),
        ("[mov,mp4 @ 0x5] moov atom not found", "source_damaged", Next.FAIL_SOURCE),
        ("/out/a.mp4: Permission denied", "denied", Next.FAIL),
        ("/in/a.mp4: Input/output error", "disk_fault", Next.FAIL_SOURCE),
        ("Too many packets buffered for output stream 0:1.", "too_many_waiting", Next.RETRY),
        (_SESSIONS, "no_session", Next.NEXT_RUNG),
        (_NO_NVENC, "no_nvenc", Next.NEXT_RUNG),
        (_OLD, "driver_too_old", Next.NEXT_RUNG),
        ("[h264_nvenc @ 0x5] Cannot load libnvidia-encode.so.1", "no_video_capability",
         Next.NEXT_RUNG),
        ("[h264_nvenc @ 0x5] CreateBitstreamBuffer failed: out of memory (10)", "card_memory",
         Next.REDUCE),
        ("[h264_nvenc @ 0x5] InitializeEncoder failed: invalid param (8)", "settings_refused",
         Next.REDUCE),
        (_B_FRAMES, "settings_refused", Next.REDUCE),
        (_MODE, "settings_refused", Next.REDUCE),
        (_LOST, "card_lost", Next.NEXT_RUNG),
        (_NO_SURFACE, "decoder_refused", Next.NEXT_RUNG),
    ],
)  # fmt: skip
def test_what_is_known(said: str, code: str, then: Next) -> None:
    refusal = classify(said.splitlines())

    assert (refusal.code, refusal.next) == (code, then)
    assert refusal.sentence.endswith(".")


def test_the_disk_comes_before_what_follows_from_it() -> None:
    said = [*_NVENC_9.splitlines(), *_SPACE_9.splitlines()]

    assert classify(said).code == "no_space"


def test_unknown_words_are_quoted_and_another_way_is_tried() -> None:
    refusal = classify(["Svt[info]: hello", "", "[libx264 @ 0x5584713f2280] The moon is full."])

    assert refusal.code == "unknown"
    assert refusal.sentence == "ffmpeg said: The moon is full."
    assert refusal.next is Next.NEXT_RUNG


def test_silence_is_said_to_be_one() -> None:
    assert classify([]).sentence == "ffmpeg ended without saying why."
    assert classify([], returncode=-9).code == "killed"


def test_a_reason_is_bounded_and_names_no_address() -> None:
    spoken = "[vost#0:0/x @ 0x55df6cbe7640] [enc:x @ 0x55df6cbba2c0] No. " + "a" * 1000

    assert reason([spoken]).startswith("No. aaa")
    assert len(reason([spoken])) == 300


@pytest.mark.parametrize("program", programs().values(), ids=programs())
def test_ffmpegs_of_today_say_what_is_known(program: str, tmp_path: Path) -> None:
    """So that a new version's words are noticed."""
    tries = {
        "no_driver": ("-i", media("h264.mp4"), "-c:v", "h264_nvenc", tmp_path / "a.mp4"),
        "odd_size": ("-i", media("h264.mp4"), "-vf", "scale=161:91", tmp_path / "b.mp4"),
        "no_space": ("-i", media("h264.mp4"), "-c", "copy", "-movflags", "+faststart",
                     "-f", "mp4", "/dev/full"),
        "source_damaged": ("-i", __file__, tmp_path / "c.mp4"),
        "no_encoder": ("-i", media("h264.mp4"), "-c:v", "h264_nosuch", tmp_path / "d.mp4"),
    }  # fmt: skip
    for code, words in tries.items():
        ended = subprocess.run(
            [program, "-nostdin", "-hide_banner", "-v", "error", "-y", *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if code == "no_driver" and ended.returncode == 0:
            continue  # there is a card here
        assert classify(ended.stderr.splitlines()).code == code

"""What a machine encodes is found by encoding: none of these tests needs a card."""

import shlex
import time

import pytest

from apps.ffmpeg.transcoding.abilities import Abilities, Card
from apps.ffmpeg.transcoding.commands.trial import decode_on_card, encode_frames
from apps.ffmpeg.transcoding.plans import Rung
from apps.ffmpeg.transcoding.trials import TRIED, examine, try_all
from tests.media import ffmpeg

_GONE = Card(id="GPU-1", kind="nvidia", device="7", name="A card that was taken out")


def _line(command: list[str | bytes]) -> str:
    return shlex.join(str(word) for word in command)


def test_the_processors_encoders_are_known_by_trying_them() -> None:
    some = ("libx264", "libsvtav1", "aac")
    trials = {one.ability.encoder: one for one in try_all(ffmpeg(), encoders=some)}

    assert set(trials) == set(some)
    for trial in trials.values():
        assert (trial.ability.encodes, trial.ability.reason) == (True, "")
        assert (trial.ffmpeg_decodes, trial.pyav_decodes) == (True, True)
        assert (trial.ability.card, trial.ability.decoder) == ("", "")
        assert not trial.ability.reduced
    assert {name: one.ability.ten_bit for name, one in trials.items()} == {
        "libx264": True, "libsvtav1": True, "aac": False,
    }  # fmt: skip


def test_a_card_that_is_not_there_is_known_by_one_quick_try() -> None:
    begun = time.process_time()
    nvidias = ("h264_nvenc", "hevc_nvenc")
    known = examine(ffmpeg(), [_GONE], version="5.1", driver="550", encoders=nvidias)

    first, second = known.encoders
    assert (first.card, first.card_name, first.device) == ("GPU-1", _GONE.name, "7")
    assert not first.encodes
    assert not second.encodes
    assert "driver" in first.reason
    assert second.reason == first.reason  # told, not tried
    assert known.that_encode("h264") == ()
    assert (known.ffmpeg, known.driver) == ("5.1", "550")
    assert time.process_time() - begun < 2


def test_filters_are_those_that_change_commands() -> None:
    known = examine(ffmpeg(), encoders=())

    assert {"bwdif", "overlay"} <= known.filters
    assert "scale" not in known.filters
    assert Abilities.from_json(known.to_json()) == known


def test_a_program_that_encodes_nothing_says_so() -> None:
    trials = try_all("/bin/false")

    assert {one.ability.encoder for one in trials} == set(TRIED)
    assert not any(one.ability.encodes for one in trials)
    assert all(one.ability.reason and one.ffmpeg_decodes is None for one in trials)


def test_each_card_is_tried_apart() -> None:
    cards = [_GONE, Card(id="GPU-2", kind="nvidia", device="8"), Card(id="0000:00:02.0", kind="xe")]

    trials = try_all("/bin/false", cards, encoders=("hevc_nvenc", "hevc_vaapi", "libx265"))

    assert [(one.ability.encoder, one.ability.card) for one in trials] == [
        ("hevc_nvenc", "GPU-1"), ("hevc_nvenc", "GPU-2"), ("hevc_vaapi", "0000:00:02.0"),
        ("libx265", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rung", "line"),
    [
        (
            Rung("hevc_nvenc", device="1", card="GPU-1"),
            (
                "ffmpeg -nostdin -hide_banner -loglevel error -f lavfi -i testsrc2=s=320x240:r=25"
                " -filter:v:0 fps=25,scale=w=320:h=240:flags=lanczos:out_range=tv,setsar=1,"
                "format=p010le -c:v:0 hevc_nvenc -preset:v:0 p3 -tune:v:0 hq -rc-lookahead:v:0 20"
                " -spatial-aq:v:0 1 -aq-strength:v:0 8 -bf:v:0 3 -b_ref_mode:v:0 middle -gpu:v:0 1"
                " -rc:v:0 vbr -cq:v:0 27 -b:v:0 0 -maxrate:v:0 2000000 -bufsize:v:0 4000000"
                " -pix_fmt:v:0 p010le -color_range:v:0 tv -frames:v:0 8 -f nut pipe:1"
            ),
        ),
        (
            Rung("hevc_vaapi", device="/dev/dri/renderD129", card="x", reduced=True),
            (
                "ffmpeg -nostdin -hide_banner -loglevel error"
                " -init_hw_device vaapi=card:/dev/dri/renderD129 -filter_hw_device card"
                " -f lavfi -i testsrc2=s=320x240:r=25"
                " -filter:v:0 fps=25,scale=w=320:h=240:flags=lanczos:out_range=tv,setsar=1,"
                "format=p010le,hwupload -c:v:0 hevc_vaapi -bf:v:0 0 -rc_mode:v:0 VBR -b:v:0 1400000"
                " -maxrate:v:0 2000000 -bufsize:v:0 4000000 -color_range:v:0 tv -frames:v:0 8"
                " -f nut pipe:1"
            ),
        ),
    ],
)
def test_trials_are_made_with_the_options_of_real_work(rung: Rung, line: str) -> None:
    assert _line(encode_frames("ffmpeg", rung, codec="hevc", ten_bit=True)) == line


def test_a_cards_decoder_is_tried_so_that_the_processor_cannot_step_in() -> None:
    rung = Rung("h264_nvenc", decoder="cuda", device="0", card="GPU-1")

    assert _line(decode_on_card("ffmpeg", rung, codec="h264")) == (
        "ffmpeg -hide_banner -loglevel error -hwaccel cuda -hwaccel_device 0"
        " -hwaccel_output_format cuda -extra_hw_frames 8 -noautorotate -i pipe:0"
        " -vf hwdownload,format=nv12 -f framecrc pipe:1"
    )

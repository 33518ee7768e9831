from apps.ffmpeg.encoders import TRIED, try_encoders
from tests.media import ffmpeg


def test_encoders_are_known_by_trying_them() -> None:
    trials = {trial.encoder: trial for trial in try_encoders(ffmpeg())}

    assert set(trials) == set(TRIED)
    x264 = trials["libx264"]
    assert (x264.encodes, x264.ffmpeg_decodes, x264.pyav_decodes) == (True, True, True)
    assert all(trial.encodes == (trial.reason == "") for trial in trials.values())
    assert all(trial.took_ms < 20_000 for trial in trials.values())


def test_a_program_that_encodes_nothing_says_so() -> None:
    trials = try_encoders("/bin/false")

    assert not any(trial.encodes for trial in trials)
    assert all(trial.reason and trial.ffmpeg_decodes is None for trial in trials)

"""When key frames are shown, which the index of mov and mp4 doesn't say: it has decoding times."""

from apps.ffmpeg.frames.video import Video

_SAMPLES = 12


def shown_ms(video: Video) -> tuple[int, ...]:
    """Milliseconds from the start of the file on, rising; empty without an index.

    Nearly always all key frames but the first are shown equally long after they are decoded: that
    is looked at in a few places. Where it isn't so, every key frame is read. Raises one of BROKEN.
    """
    keys = video.key_times
    if not keys:
        return ()
    last = len(keys) - 1
    places = sorted(
        {round(last * part / _SAMPLES) for part in range(_SAMPLES + 1)} | {min(1, last)}
    )
    lags = {key: video.key_packet_time(key) - key for key in (keys[place] for place in places)}
    if len(set(list(lags.values())[1:])) > 1:
        return _sorted_ms(video, [video.key_packet_time(key) for key in keys])
    lag = lags[keys[last]]
    return _sorted_ms(video, [key + lags.get(key, lag) for key in keys])


def _sorted_ms(video: Video, ticks: list[int]) -> tuple[int, ...]:
    return tuple(sorted({video.ticks_ms(one) for one in ticks}))

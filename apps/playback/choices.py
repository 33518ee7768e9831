"""What the keys of the player do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """``keys`` are those that it has until somebody chooses others."""

    name: str
    label: str
    keys: tuple[str, ...]


DIGITS = "0-9"
"""Stands for the ten digits, each a tenth of the video."""

ACTIONS = (
    Action("play", "Play or pause", ("Space", "k")),
    Action("back", "5 seconds back", ("ArrowLeft",)),
    Action("forward", "5 seconds forward", ("ArrowRight",)),
    Action("back_more", "10 seconds back", ("j",)),
    Action("forward_more", "10 seconds forward", ("l",)),
    Action("back_most", "A minute back", ("Shift+ArrowLeft",)),
    Action("forward_most", "A minute forward", ("Shift+ArrowRight",)),
    Action("tenths", "Go to 0 % to 90 %", (DIGITS,)),
    Action("frame_back", "One frame back", (",",)),
    Action("frame_forward", "One frame forward", (".",)),
    Action("slower", "Slower", ("<",)),
    Action("faster", "Faster", (">",)),
    Action("normal_speed", "Normal speed", ("=",)),
    Action("mute", "Sound on or off", ("m",)),
    Action("louder", "Louder", ("ArrowUp",)),
    Action("quieter", "Quieter", ("ArrowDown",)),
    Action("captions", "Subtitles on or off", ("c",)),
    Action("fullscreen", "Full screen", ("f",)),
    Action("pip", "Picture in picture", ("p",)),
    Action("loop", "Loop: from here, to here, off", ("a",)),
    Action("previous_marker", "Previous marker or chapter", ("[",)),
    Action("next_marker", "Next marker or chapter", ("]",)),
    Action("marker", "Make a marker here", ("n",)),
    Action("range", "Begin a range here, end it here", ("r",)),
    Action("cover", "Make the cover from this frame", ("Shift+c",)),
    Action("next", "Next video", ("Shift+n",)),
    Action("previous", "Previous video", ("Shift+p",)),
    Action("random", "Random order on or off", ("Shift+r",)),
    Action("help", "Show the keys", ("?",)),
)

"""What was played of a video, as stretches from one place to another."""

from collections.abc import Iterable, Sequence

Stretch = Sequence[int]
_TOUCH_MS = 500  # players report no finer than they tick
_MOST = 200


def merged(stretches: Iterable[Stretch], added: Stretch) -> list[list[int]]:
    """The stretches with one more, in order and apart; adding one again changes nothing.

    They stay few: where there would be more than 200, the nearest two become one.
    """
    found: list[list[int]] = []
    for start, end in sorted([*map(tuple, stretches), tuple(added)]):
        if end <= start:
            continue
        if found and start - found[-1][1] <= _TOUCH_MS:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    while len(found) > _MOST:
        at = min(range(1, len(found)), key=lambda i: found[i][0] - found[i - 1][1])
        found[at - 1][1] = found.pop(at)[1]
    return found


def length_ms(stretches: Iterable[Stretch]) -> int:
    """How long they are together."""
    return sum(end - start for start, end in stretches)

"""Positions in a list: whole numbers with gaps, so that a move needs one new number."""

GAP = 1 << 32
LEAST_GAP = 1 << 16


def between(low: int | None, high: int | None) -> int | None:
    """A position between two, either of which may be absent; nothing if there is no room."""
    if low is None:
        return GAP if high is None else high - GAP
    if high is None:
        return low + GAP
    middle = (low + high) // 2
    return middle if middle > low else None


def spread(low: int | None, high: int | None, count: int) -> list[int] | None:
    """Rising positions between two; nothing if they would stand closer than LEAST_GAP."""
    if low is None:
        low = 0 if high is None else high - GAP * (count + 1)
        high = None
    if high is None:
        return [low + GAP * number for number in range(1, count + 1)]
    step = (high - low) // (count + 1)
    return [low + step * n for n in range(1, count + 1)] if step >= LEAST_GAP else None

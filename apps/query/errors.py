"""What is wrong with a query, and where."""

from collections.abc import Iterable
from difflib import get_close_matches

from apps.core.errors import MediaHubError


class QueryError(MediaHubError):
    """A query that can't be understood.

    ``position`` counts characters from 0, ``length`` says how many of them are meant; ``expected``
    names what may stand there, ``suggestion`` is what was probably meant there.
    """

    code = "query"
    status = 400
    field = "q"

    def __init__(
        self,
        problem: str,
        *,
        position: int = 0,
        length: int = 0,
        found: str = "",
        expected: Iterable[str] = (),
        suggestion: str = "",
    ) -> None:
        self.problem, self.position, self.length = problem, position, length
        self.found, self.expected, self.suggestion = found, tuple(expected), suggestion
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"{problem} (at character {position + 1}).{hint}")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that ``word`` is probably meant to be, or an empty string."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""

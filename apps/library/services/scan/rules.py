"""What a library takes in, and the reason for what it doesn't. Plain Python."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from apps.library.services.scan.walk import Entry


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns and extensions of a library. Paths are below its root."""

    extensions: frozenset[bytes]
    include: GitIgnoreSpec
    exclude: GitIgnoreSpec
    seed: bytes

    @classmethod
    def of(
        cls, *, extensions: Sequence[str], include: Sequence[str], exclude: Sequence[str]
    ) -> "Rules":
        """Raises ValueError for a pattern that can't be read."""
        wanted = sorted({e.lower().lstrip(".") for e in extensions})
        rules = json.dumps([wanted, list(include), list(exclude)])
        return cls(
            extensions=frozenset(e.encode() for e in wanted),
            include=GitIgnoreSpec.from_lines(include),
            exclude=GitIgnoreSpec.from_lines(exclude),
            seed=hashlib.blake2b(rules.encode(), digest_size=16).digest(),
        )

    def skips_folder(self, path: bytes) -> bool:
        return bool(self.exclude) and self.exclude.match_file(_text(path) + "/")

    def refusal(self, folder: bytes, entry: Entry) -> str:
        """Why an entry is left out, as a reason code; empty if it is taken in."""
        stem, dot, extension = entry.name.rpartition(b".")
        if not dot or not stem or extension.lower() not in self.extensions:
            return "other_extension"
        if entry.is_link:
            return "link"
        if not entry.is_regular:
            return "not_a_file"
        if self.include or self.exclude:
            path = _text(folder + b"/" + entry.name if folder else entry.name)
            if self.exclude.match_file(path):
                return "excluded"
            if self.include and not self.include.match_file(path):
                return "not_included"
        return ""


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")

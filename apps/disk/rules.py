"""What a library takes in, and the reason for what it doesn't."""

import fnmatch
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from apps.disk.walk import Entry


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns and extensions of a library. Paths are below its root.

    ``ignore`` holds names that no library takes in, with wildcards; one that ends in a slash is for
    folders only. ``own`` is the path of MediaHub's data below the root, or empty.
    """

    extensions: frozenset[bytes]
    include: GitIgnoreSpec
    exclude: GitIgnoreSpec
    ignored_names: re.Pattern[bytes]
    ignored_folders: re.Pattern[bytes]
    own: bytes
    seed: bytes

    @classmethod
    def of(
        cls,
        *,
        extensions: Sequence[str],
        include: Sequence[str],
        exclude: Sequence[str],
        ignore: Sequence[str] = (),
        own: bytes = b"",
    ) -> "Rules":
        """Raises ValueError for a pattern that can't be read."""
        wanted = sorted({e.lower().lstrip(".") for e in extensions})
        rules = json.dumps([wanted, list(include), list(exclude), list(ignore), own.hex()])
        return cls(
            extensions=frozenset(e.encode() for e in wanted),
            include=GitIgnoreSpec.from_lines(include),
            exclude=GitIgnoreSpec.from_lines(exclude),
            ignored_names=_any_of([name for name in ignore if not name.endswith("/")]),
            ignored_folders=_any_of([name.rstrip("/") for name in ignore]),
            own=own,
            seed=hashlib.blake2b(rules.encode(), digest_size=16).digest(),
        )

    def skips_folder(self, path: bytes) -> bool:
        return self.folder_refusal(path) != ""

    def folder_refusal(self, path: bytes) -> str:
        """Why a folder is left out with all below it, as a reason code; empty if it is walked."""
        if (self.own and path == self.own) or _is_own(path[path.rfind(b"/") + 1 :]):
            return "own_data"
        if self.ignored_folders.fullmatch(path[path.rfind(b"/") + 1 :]):
            return "ignored"
        if self.exclude and self.exclude.match_file(_text(path) + "/"):
            return "excluded"
        return ""

    def refusal(self, folder: bytes, entry: Entry) -> str:
        """Why an entry is left out, as a reason code; empty if it is taken in."""
        if self.ignored_names.fullmatch(entry.name) or _is_own(entry.name):
            return "ignored"
        stem, dot, extension = entry.name.rpartition(b".")
        if not dot or not stem or extension.lower() not in self.extensions:
            return "other_extension"
        if not entry.is_regular:
            return "link" if entry.is_link else "not_a_file"
        if self.include or self.exclude:
            path = _text(folder + b"/" + entry.name if folder else entry.name)
            if self.exclude.match_file(path):
                return "excluded"
            return "not_included" if self.include and not self.include.match_file(path) else ""
        return ""


def _is_own(name: bytes) -> bool:
    """The trash and drafts of transcodes, whatever the setting says of names. (What renaming parks
    under a name of ours is somebody's film.)"""
    return name.startswith(b".mediahub-t")


def _any_of(names: Sequence[str]) -> re.Pattern[bytes]:
    """One expression for all of them: it is asked for every entry of a changed folder."""
    alternatives = [fnmatch.translate(name).encode() for name in names]
    return re.compile(b"|".join(alternatives) or rb"(?!)", re.DOTALL)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")

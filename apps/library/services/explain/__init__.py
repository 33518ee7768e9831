"""Why a file is not in the catalogue: an answer for every path.

``case`` is what can be known of a path, ``answers`` what follows from it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from apps.core.errors import MediaHubError
from apps.disk.reader import Disk
from apps.library.models import Library
from apps.library.services.explain.answers import CHECKS, not_seen_yet
from apps.library.services.explain.case import Case, Explanation
from apps.library.services.libraries import find_library
from apps.library.services.paths import shown, unescaped
from apps.library.services.storage import open_disk

__all__ = ["Explanation", "explain", "patient_disk"]

_PATIENCE_S = 5.0  # somebody waits for the answer


class NotAPath(MediaHubError):
    """What was asked for is no absolute path."""

    code = "not_a_path"
    field = "path"


@contextmanager
def patient_disk() -> Iterator[Disk]:
    """A disk to ask while a person waits."""
    with open_disk(timeout_s=_PATIENCE_S) as disk:
        yield disk


def explain(path: bytes, *, disk: Disk) -> Explanation:
    r"""Whether the file at an absolute path is in the catalogue, and if not, why.

    Any known mount prefix will do, and ``\xNN`` for bytes that can't be typed. Storage is touched
    through ``disk`` only; nothing is changed. Raises NotAPath.
    """
    if not path.startswith(b"/") or b"\0" in path:
        raise NotAPath("Give an absolute path: it begins with a slash.")
    path = os.path.normpath(b"/" + path.lstrip(b"/"))
    answer = _answer(path, disk)
    if answer.code in {"not_there", "no_library"} and (other := unescaped(path)) != path:
        second = _answer(other, disk)
        return second if second.code not in {"not_there", "no_library"} else answer
    return answer


def _answer(path: bytes, disk: Disk) -> Explanation:
    found = find_library(path)
    if found is None:
        return _in_no_library(path)
    case = Case(*found, disk=disk)
    return next((answer for check in CHECKS if (answer := check(case))), None) or not_seen_yet(case)


def _in_no_library(path: bytes) -> Explanation:
    library = Library.objects.filter(root=shown(path)).first()
    if library:
        sentence = f"This is the folder of the library {library}, not a file in it."
        return Explanation("library_root", sentence, "Name a file in it.", shown(path), library)
    return Explanation(
        "no_library", "It lies in no library.",
        "Add a library of the folder that it lies in, or add the prefix to “Also known as” of the "
        "library that has it under another name.", shown(path),
    )  # fmt: skip

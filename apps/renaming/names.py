"""What a file may be called: names that every file system takes, and paths made of them. Pure.

Texts may hold bytes beyond UTF-8 as ``os.fsdecode`` writes them; they stay as they are.
"""

import os
import re
import unicodedata

MOST_BYTES = 255  # of one name, on nearly every file system
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WINDOWS = str.maketrans(
    {":": "-", "|": "-", "\\": "-", '"': "'", "<": "", ">": "", "?": "", "*": ""}
)
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[1-9\u00b9\u00b2\u00b3])\Z", re.IGNORECASE)
_EDGES = " \u00a0\u3000"


def legal_name(text: str, *, windows: bool = False, most_bytes: int = MOST_BYTES) -> str:
    """The nearest legal name for a file or folder; empty where nothing of it is left.

    What is legal already stays as it is. Slashes become dashes, control characters blanks; blanks
    around it and dots behind it go; it is cut, between characters, to ``most_bytes`` of UTF-8.
    With ``windows`` it is also one that Windows takes.
    """
    text = _CONTROL.sub(" ", text.replace("/", "-"))
    if windows:
        text = text.translate(_WINDOWS)
    text = _trimmed(text)
    if windows and _RESERVED.match(text.split(".", 1)[0].rstrip()):
        head, dot, tail = text.partition(".")
        text = f"{head.rstrip()}_{dot}{tail}"
    return _trimmed(_cut(text, most_bytes))


def file_name(stem: str, extension: str, *, windows: bool = False) -> str:
    """A legal name that ends in ``.extension``, whatever of the stem that costs; or empty."""
    ending = f".{extension}" if extension else ""
    room = MOST_BYTES - len(os.fsencode(ending))
    stem = legal_name(stem, windows=windows, most_bytes=room)
    return legal_name(f"{stem}{ending}", windows=windows) if stem else ""


def key_of(path: bytes) -> str:
    """Equal for paths that some file system takes for the same: in another case, or composed
    another way.
    """
    text = os.fsdecode(path)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _trimmed(text: str) -> str:
    while (shorter := text.strip(_EDGES).rstrip(".")) != text:
        text = shorter
    return text


def _cut(text: str, most_bytes: int) -> str:
    """Between characters, and not before marks that belong to the one before."""
    if len(os.fsencode(text)) <= most_bytes:
        return text
    length = 0
    for at, character in enumerate(text):
        length += len(os.fsencode(character))
        if length > most_bytes:
            return _without_base(text, at)
    return text


def _without_base(text: str, at: int) -> str:
    while at and unicodedata.combining(text[at]):
        at -= 1
    return text[:at]

"""Finds and opens files of subtitles that lie beside a video: ``film.en.forced.srt``."""

import io
import os
import re
import stat
from dataclasses import dataclass
from pathlib import PurePath

import av
from av.container import InputContainer

from apps.ffmpeg import untrusted

_FORMATS = {"srt": "srt", "vtt": "webvtt", "ass": "ass", "ssa": "ass"}
_MOST_BYTES = 20 << 20
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,4})?", re.IGNORECASE)
_FOR_DEAF = frozenset({"sdh", "cc", "hi"})
_PLAIN = frozenset({"default", "full"})
_NAMES = {
    "arabic": "ar", "bulgarian": "bg", "chinese": "zh", "croatian": "hr", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no", "persian": "fa",
    "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr",
    "spanish": "es", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk",
    "vietnamese": "vi",
}  # fmt: skip
_NOT_LANGUAGES = frozenset({"dvd", "web", "the", "raw", "hd", "uhd", "x", "a", "new", "old", "tv"})
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OLD_ENCODINGS = {
    "cp1250": ("cs", "ces", "cze", "pl", "pol", "hu", "hun", "sk", "slk", "slo", "sl", "slv",
               "hr", "hrv", "ro", "ron", "rum"),
    "cp1251": ("ru", "rus", "uk", "ukr", "bg", "bul", "sr", "srp", "mk", "mkd", "be", "bel"),
    "cp1253": ("el", "ell", "gre"), "cp1254": ("tr", "tur"), "cp1255": ("he", "heb"),
    "cp1256": ("ar", "ara", "fa", "fas", "per"), "cp874": ("th", "tha"),
    "cp932": ("ja", "jpn"), "cp949": ("ko", "kor"), "gb18030": ("zh", "zho", "chi"),
    "cp1258": ("vi", "vie"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file of subtitles, and what its name tells."""

    path: bytes
    codec: str
    language: str
    title: str
    forced: bool


class SidecarRefused(Exception):
    """It can't be read; the text says why."""


def find_sidecars(path: bytes) -> list[Sidecar]:
    """Those beside the video at ``path``, in order of name. Nothing is opened. Raises OSError."""
    folder, name = os.path.split(os.path.abspath(path))
    stem = PurePath(os.fsdecode(name)).stem.casefold() + "."
    found: list[tuple[str, bytes]] = []
    others: set[str] = set()  # "film.2." of film.2.mp4, whose film.2.srt isn't that of film.mp4
    with os.scandir(folder) as entries:
        for entry in entries:
            beside = os.fsdecode(entry.name)
            if not beside.casefold().startswith(stem) or entry.name == name:
                continue
            if beside.rpartition(".")[2].lower() not in _FORMATS:
                others.add(PurePath(beside).stem.casefold() + ".")
            elif entry.is_file(follow_symlinks=False):
                found.append((beside, entry.path))
    longer = tuple(one for one in others if one.startswith(stem) and one != stem)
    return [
        _sidecar(file, beside.casefold()[len(stem) :].split("."))
        for beside, file in sorted(found)
        if not beside.casefold().startswith(longer)
    ]


def open_sidecar(sidecar: Sidecar) -> InputContainer:
    """Its text for FFmpeg, which is told the format and given no file to open.

    Raises SidecarRefused.
    """
    try:
        content = _read(sidecar.path)
    except OSError as error:
        raise SidecarRefused(f"It could not be read ({error.strerror}).") from error
    text = _decoded(content, sidecar.language).replace("\0", "")
    options = {"protocol_whitelist": "", "format_whitelist": ",".join(set(_FORMATS.values()))}
    try:
        return av.open(
            io.BytesIO(text.encode("utf-8", "replace")), "r",
            format=_FORMATS[sidecar.codec], container_options=options, metadata_errors="replace",
        )  # fmt: skip
    except (av.error.FFmpegError, EOFError, ValueError) as error:
        raise SidecarRefused(f"It is no {sidecar.codec.upper()} file.") from error


def _sidecar(path: bytes, parts: list[str]) -> Sidecar:
    """From the parts of the name behind the video's; the last is the extension."""
    language, forced, titles = "", False, list[str]()
    for part in parts[:-1]:
        if part == "forced":
            forced = True
        elif not language and (found := _language(part)):
            language = found
        elif part in _FOR_DEAF:
            titles.append(part.upper())
        elif part and part not in _PLAIN:
            titles.append(part)
    title = untrusted.text(" ".join(titles), 100)
    return Sidecar(path, parts[-1], language, title, forced)


def _language(part: str) -> str:
    if part in _NAMES:
        return _NAMES[part]
    is_code = _CODE.fullmatch(part) and part not in _NOT_LANGUAGES | {"sdh", "cc"}
    return part if is_code else ""


def _read(path: bytes) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY)
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise SidecarRefused("It is no regular file.")
        if found.st_size > _MOST_BYTES:
            raise SidecarRefused(f"It is larger than {_MOST_BYTES >> 20} MiB.")
        return file.read(_MOST_BYTES)


def _decoded(content: bytes, language: str) -> str:
    """By its byte order mark, else UTF-8, else as files in its language were once written."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        base = language.partition("-")[0]
        old = (name for name, languages in _OLD_ENCODINGS.items() if base in languages)
        return content.decode(next(old, "cp1252"), "replace")

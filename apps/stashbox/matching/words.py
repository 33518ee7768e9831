"""Words of a scene that stand in a video's title or paths."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from apps.stashbox.schema import RemoteScene

_PLAIN = re.compile(r"[\W_]+")
_LEAST_JOINED = 6  # letters of a name that is looked for without its blanks
_LEAST_TITLE = 3  # words of a title of which some are enough
_SHARE = 0.6
_MOST_CAST = 30
_SHOWN = 200
# as people and programs write them into names; of two digits only with the year in front
_DATES = ("%Y %m %d", "%Y%m%d", "%d %m %Y", "%m %d %Y", "%y %m %d", "%y%m%d")


@dataclass(frozen=True, slots=True)
class Word:
    """Something of the scene that was found: ``what`` is studio, title, date or performer."""

    what: str
    text: str
    is_whole: bool = True


class Text:
    """A title and paths, without case, accents and punctuation."""

    def __init__(self, text: str) -> None:
        self.folded = f" {fold(text)} "
        self._words = set(self.folded.split())

    def has(self, name: str) -> bool:
        """Whether a name stands in it as whole words, with or without its blanks."""
        folded = fold(name)
        if len(folded) < 2:
            return False
        joined = folded.replace(" ", "")
        return f" {folded} " in self.folded or (
            len(joined) >= _LEAST_JOINED and joined in self._words
        )

    def has_most_of(self, name: str) -> bool:
        """Whether most words of a title of several stand in it, in whatever order."""
        words = {word for word in fold(name).split() if len(word) > 2}
        return len(words) >= _LEAST_TITLE and len(words & self._words) >= _SHARE * len(words)


def fold(text: str) -> str:
    """Lower-case words with single blanks between them."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return _PLAIN.sub(" ", letters).strip()


def words_of(text: str, scene: RemoteScene) -> list[Word]:
    """What of the scene is found in the text, each performer once."""
    found = Text(text)
    return [*_studio(found, scene), *_title(found, scene), *_date(found, scene),
            *_cast(found, scene)]  # fmt: skip


def _studio(text: Text, scene: RemoteScene) -> Iterator[Word]:
    if scene.studio and _any(text, (scene.studio.name, *scene.studio.aliases)):
        yield Word("studio", scene.studio.name[:_SHOWN])


def _title(text: Text, scene: RemoteScene) -> Iterator[Word]:
    if text.has(scene.title):
        yield Word("title", scene.title[:_SHOWN])
    elif text.has_most_of(scene.title):
        yield Word("title", scene.title[:_SHOWN], is_whole=False)


def _date(text: Text, scene: RemoteScene) -> Iterator[Word]:
    try:
        day = date.fromisoformat(scene.date)
    except ValueError:
        return
    if any(f" {day.strftime(form)} " in text.folded for form in _DATES):
        yield Word("date", scene.date)


def _cast(text: Text, scene: RemoteScene) -> Iterator[Word]:
    for appearance in scene.performers[:_MOST_CAST]:
        person = appearance.performer
        if _any(text, (person.name, appearance.alias, *person.aliases)):
            yield Word("performer", person.name[:_SHOWN])


def _any(text: Text, names: Iterable[str]) -> bool:
    return any(text.has(name) for name in names)

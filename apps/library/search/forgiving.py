"""Typing errors: what was probably meant where a word finds nothing.

``forgive(question)`` is what a list calls when it came out empty: it gives the question with such
words replaced by the most similar known ones and says which, or nothing where that wouldn't help.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import connection

from apps.library.search.question import Question
from apps.query import And, Node, Not, Or, Term, Word

LEAST_LETTERS = 3
LEAST_SIMILARITY = 0.4
MOST_DISTANCE = 2
_LONG = 5  # letters: shorter words may differ in one
_MOST_REPLACED = 5
_MOST_CANDIDATES = 60

# Words a little alike, found by an index, and those with two letters swapped, which aren't alike
# at all by their trigrams: "dorne" and "drone" share two of ten.
_ALIKE = """
    SELECT text, similarity(text, %(word)s) FROM library_word
    WHERE text = ANY(%(swapped)s) OR (
        text %% %(word)s AND length(text) BETWEEN %(least)s AND %(most)s)
    ORDER BY 2 DESC, text LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A word that was typed, and the one in its place."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True)
class Forgiven:
    """A question that finds something, and what in it isn't as it was typed."""

    question: Question
    replaced: tuple[Replaced, ...]


def forgive(question: Question) -> Forgiven | None:
    """The question as it was probably meant, if it finds nothing and that one does.

    Only bare words are replaced; phrases, values and what must not hold stay as they are.
    """
    words = list(dict.fromkeys(_bare_words(question.node)))[:_MOST_REPLACED]
    if question.node is None or not words or question.videos().exists():
        return None
    replaced = {
        word: nearest
        for word in words
        if not question.part(Word(word)).videos().exists() and (nearest := _nearest(word))
    }
    if not replaced:
        return None
    meant = Question.of(_with(question.node, replaced), asker=question.asker)
    if not meant.videos().exists():
        return None
    return Forgiven(meant, tuple(Replaced(*pair) for pair in replaced.items()))


def distance(one: str, other: str) -> int:
    """How many letters are put in, left out, exchanged, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i]
        for j, its_letter in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != its_letter))
            if i > 1 and j > 1 and (letter, its_letter) == (other[j - 2], one[i - 2]):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]


def _bare_words(node: Node | None) -> Iterator[str]:
    match node:
        case Word(quoted=False):
            if len(node.text) >= LEAST_LETTERS and not node.text.isdigit():
                yield node.text
        case And() | Or():
            for one in node.nodes:
                yield from _bare_words(one)


def _nearest(word: str) -> str:
    """The known word that is most like one; empty if none is."""
    folded = _fold(word)
    if " " in folded or len(folded) < LEAST_LETTERS:
        return ""
    near = [
        (distance(folded, text), -similarity, text)
        for text, similarity in _alike(folded)
        if text != folded
    ]
    most = MOST_DISTANCE if len(folded) >= _LONG else 1
    fitting = [one for one in near if one[0] <= most or -one[1] >= LEAST_SIMILARITY]
    return min(fitting)[2] if fitting else ""


def _fold(word: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT btrim(library_fold(%s))", [word])
        return str(cursor.fetchone()[0])


def _alike(word: str) -> list[tuple[str, float]]:
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            _ALIKE,
            {
                "word": word, "swapped": swapped, "limit": _MOST_CANDIDATES,
                "least": len(word) - MOST_DISTANCE, "most": len(word) + MOST_DISTANCE,
            },
        )  # fmt: skip
        return list(cursor.fetchall())


def _with(node: Node, replaced: dict[str, str]) -> Node:
    """The tree with words replaced that aren't under a negation."""
    match node:
        case Word(quoted=False) if node.text in replaced:
            return replace(node, text=replaced[node.text])
        case And() | Or():
            return type(node)(tuple(_with(one, replaced) for one in node.nodes))
        case Word() | Term() | Not():
            return node

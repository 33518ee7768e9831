"""How well a video answers the words of a question: parts that are added up, as SQL."""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, F, FloatField, Func, IntegerField, Q, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest, Least

from apps.library.models import Performer, Studio, Tag, Video, Viewing
from apps.library.search.question import Question
from apps.library.search.texts import Like, constant, part_of
from apps.query import Range, Term, Word
from apps.query.values import read_duration

# What each part is worth at most. Words weigh more than all else together.
WEIGHTS = {
    "exact_title": 40.0, "title_start": 20.0, "title_words": 25.0, "title_parts": 10.0,
    "path_words": 5.0, "labels": 15.0, "similarity": 10.0, "rating": 3.0, "recency": 2.0,
    "duration": 3.0,
}  # fmt: skip
_PRECISION = 10_000  # of a score, which is a whole number so that pages begin exactly behind a row
_MOST_LABELS = 100  # of a word
_MOST_VIEWINGS = 100
_YEAR_S = 365.25 * 86_400

Part = Any  # an expression of a number from 0 to 1


def score_of(question: Question) -> Cast:
    """The sum of all parts, as a whole number."""
    return Cast(reduce(add, parts_of(question).values()) * _number(_PRECISION), IntegerField())


def parts_of(question: Question) -> dict[str, Part]:
    """Each part, with its weight in it, as expressions over videos."""
    words = question.words
    phrase = _core(" ".join(word.text for word in words))
    shares = {
        "exact_title": _one(Like(_title(), _joined(" ", phrase, " "))),
        "title_start": _one(Like(_title(), _joined(" ", phrase, "%"))),
        "title_words": _share(words, lambda word: Like(_title(), _around(word, "% ", " %"))),
        "title_parts": _share(words, lambda word: Like(_title(), _around(word, "%", "%"))),
        "path_words": _share(words, lambda word: Like(_path(), _around(word, "% ", " %"))),
        "labels": _share(words, lambda word: _labelled(word, question)),
        "similarity": Func(_title(), phrase, function="similarity", output_field=FloatField()),
    }
    if not words:
        shares = dict.fromkeys(shares, _number(0))
    shares["rating"] = Cast(Coalesce(F("rating"), 0), FloatField()) / _number(100)
    shares["recency"] = _recency(question)
    shares["duration"] = _duration_fit(question)
    return {name: share * _number(WEIGHTS[name]) for name, share in shares.items()}


def _number(value: float) -> Cast:
    return Cast(Value(value), FloatField())


def _one(condition: Any) -> Case:
    return Case(When(Q(condition), then=_number(1)), default=_number(0))


def _share(words: list[Word], holds: Callable[[Word], Any]) -> Part:
    """Of the words, how many hold."""
    if not words:
        return _number(0)
    return reduce(add, (_one(holds(word)) for word in words)) / _number(len(words))


def _title() -> Func:
    """Words of the title, with a blank on both sides of each."""
    return _half(1)


def _path() -> Func:
    return _half(2)


def _half(number: int) -> Func:
    return Func(
        F("haystack"), constant("|"), Value(number), function="split_part",
        output_field=TextField(),
    )  # fmt: skip


def _core(text: str) -> Func:
    """A folded text, without the blanks around it."""
    folded = Func(constant(text), function="library_fold", output_field=TextField())
    return Func(folded, function="btrim", output_field=TextField())


def _joined(before: str, core: Func, behind: str) -> Func:
    pieces = (constant(before), core, constant(behind))
    return Func(*pieces, template="(%(expressions)s)", arg_joiner=" || ", output_field=TextField())


def _around(word: Word, before: str, behind: str) -> Func:
    return _joined(before, _core(word.text), behind)


def _labelled(word: Word, question: Question) -> Q:
    """Whether a label of the video holds the word, as far as many videos have it."""
    ids = question.names.containing.get(part_of(word), {})
    found = Q(pk__in=())
    for model, column in ((Tag, "tag_ids__overlap"), (Performer, "performer_ids__overlap"),
                          (Studio, "studio_id__in")):  # fmt: skip
        if model in ids:
            found |= Q(**{column: ids[model][:_MOST_LABELS]})
    return found


def _recency(question: Question) -> Part:
    """Half after a year. By the day, so that pages fit together."""
    today = question.asker.now.replace(hour=0, minute=0, second=0, microsecond=0)
    added_s = Func(
        constant("epoch"), F("added_at"), function="date_part", output_field=FloatField()
    )
    years = (_number(today.timestamp()) - added_s) / _number(_YEAR_S)
    at_least = Greatest(years, _number(0), output_field=FloatField())
    return Func(_number(0.5), at_least, function="power", output_field=FloatField())


def _duration_fit(question: Question) -> Part:
    """How near the length is to the one that is asked for, else to the asker's usual one."""
    wanted_ms = _asked_duration_ms(question) or _usual_duration_ms(question)
    if not wanted_ms:
        return _number(0)
    ends = (Cast(Coalesce(F("duration_ms"), 0), FloatField()), _number(wanted_ms))
    nearer, farther = (kind(*ends, output_field=FloatField()) for kind in (Least, Greatest))
    return nearer / farther


def _asked_duration_ms(question: Question) -> int | None:
    """The middle of a condition on the length, if there is one that has a middle."""
    for part in question.parts:
        if not isinstance(part, Term) or part.field != "duration" or part.operator not in ":=":
            continue
        value = part.values[0]
        ends = (value.low, value.high) if isinstance(value, Range) else (value.text, value.text)
        try:
            return int(sum(read_duration(end).start for end in ends) / 2)
        except ValueError:
            continue  # an open end, none or any
    return None


def _usual_duration_ms(question: Question) -> int | None:
    """The middle one of the lengths of what the asker played last."""
    if question.asker.user_id is None:
        return None
    recent = Viewing.objects.filter(user=question.asker.user_id, last_played_at__isnull=False)
    recent = recent.order_by("-last_played_at")[:_MOST_VIEWINGS]
    played = Video.objects.filter(pk__in=recent.values("video"), duration_ms__isnull=False)
    lengths: list[int] = sorted(played.values_list("duration_ms", flat=True))
    return lengths[len(lengths) // 2] if lengths else None

"""``manage.py find QUERY``: the videos that a query asks for."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.utils import timezone

from apps.core.commands import MediaHubCommand
from apps.core.counting import count_rows
from apps.core.errors import MediaHubError
from apps.library.models import Video
from apps.library.search import Asker, QueryError, Question
from apps.library.search.forgiving import forgive
from apps.library.search.ranking import Ordered, in_order

_WRONG_USAGE = 2
_MOST = 100_000


class NoSuchUser(MediaHubError):
    """Nobody is named so."""

    code = "no_such_user"


class Command(MediaHubCommand):
    help = (
        "Print paths and titles of the videos that a query finds, best matches first. A query that "
        "begins with - goes behind --, as in: find -- -codec:h264"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("query", nargs="*", metavar="QUERY")
        parser.add_argument("--limit", type=_whole, default=50, help="how many at most (50)")
        parser.add_argument(
            "--ordering", default="-relevance", help="as in --ordering=-rating,size"
        )
        parser.add_argument("--user", metavar="NAME", help="whose plays `watched` speaks of")
        parser.add_argument(
            "--explain", action="store_true", help="print how the database finds them instead"
        )

    def perform(  # type: ignore[override]
        self,
        *,
        query: list[str],
        limit: int,
        ordering: str,
        user: str | None,
        explain: bool,
        **_options: Any,
    ) -> dict[str, Any]:
        text = " ".join(query)
        try:
            question = Question.read(text, asker=_asker(user))
        except QueryError as error:
            raise CommandError(_pointed_at(error, text), returncode=_WRONG_USAGE) from error
        found = in_order(question, ordering)
        if explain:
            return {"query": question.text, "plan": _first(found, limit).explain(analyze=False)}
        forgiven = forgive(question)
        if forgiven:
            question = forgiven.question
            found = in_order(question, ordering)
        count = count_rows(question.videos(), planned=True)
        replaced = forgiven.replaced if forgiven else ()
        return {
            "query": question.text,
            "forgiven": [{"from": one.typed, "to": one.meant} for one in replaced],
            "count": count.rows,
            "count_is_estimate": not count.is_exact,
            "results": [_told(video) for video in _first(found, limit)],
        }

    def show(self, outcome: dict[str, Any]) -> None:
        if "plan" in outcome:
            self.stdout.write(f"{outcome['query']}\n{outcome['plan']}")
            return
        for one in outcome["forgiven"]:
            self.stderr.write(f"Nothing has “{one['from']}”; showing “{one['to']}”.")
        for video in outcome["results"]:
            self.stdout.write(f"{video['path']}\t{video['title']}")
        if outcome["count"] > len(outcome["results"]):
            about = "about " if outcome["count_is_estimate"] else ""
            self.stderr.write(f"{len(outcome['results'])} of {about}{outcome['count']:,}")


def _first(found: Ordered, limit: int) -> Any:
    videos = found.videos.select_related("library").order_by(*found.order.order_by())
    return videos[:limit]


def _asker(name: str | None) -> Asker:
    """Raises NoSuchUser."""
    if name is None:
        return Asker(None, timezone.localtime())
    user = get_user_model()._default_manager.filter(username=name).first()
    if user is None:
        raise NoSuchUser(f"There is no user “{name}”.")
    return Asker.of(user)


def _told(video: Video) -> dict[str, Any]:
    return {
        "id": video.pk,
        "title": video.title,
        "path": f"{video.library.root.rstrip('/')}/{video.path}",
        "duration": None if video.duration_ms is None else video.duration_ms / 1_000,
        "size": video.size_bytes,
    }


def _pointed_at(error: QueryError, text: str) -> str:
    """The message, the query, and a mark below what is wrong."""
    marks = " " * error.position + "^" * max(error.length, 1)
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{error}\n  {shown}\n  {marks}"


def _whole(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) < 10
    if not (known and 0 < int(text) <= _MOST):
        raise ArgumentTypeError(f"give a whole number from 1 to {_MOST:,}")
    return int(text)

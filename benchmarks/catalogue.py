"""A million videos: how quickly they go in, and how quickly pages of them come out."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from benchmarks.report import Report
from benchmarks.requests import Measured, Page, ask, measure

_API, _ADMIN = "/api/v1/videos/", "/admin/library/video/"
_API_MS, _ADMIN_MS = 30.0, 120.0
_DEEP_PAGE = 10_000
_LEAST_ROWS_PER_S = 10_000
_EXACT_UP_TO = 10_000


def run(report: Report) -> None:
    """All of it; ``MEDIAHUB_BENCH_VIDEOS`` makes a smaller catalogue."""
    from benchmarks.filling import use_catalogue

    made = use_catalogue()
    rate = made["rows"] / made["seconds"]
    note = f"{made['rows']:,} rows in {made['seconds']:,.0f} s, with indexes and triggers"
    report.add("rows inserted", rate, "rows/s", least=_LEAST_ROWS_PER_S, note=note)
    report.add("size of the database", made["bytes"] / 1e9, "GB")
    asked = _Askers()
    _show(report, measure(_api_pages(asked)))
    _orders(report, asked)
    _show(report, measure(_admin_pages(asked)))
    _counts(report, asked)
    _query_counts(report, asked)


class _Askers:
    """An administrator with a browser, and a program with that one's token."""

    def __init__(self) -> None:
        from apps.accounts.choices import Scope
        from apps.accounts.services.tokens import create_token

        self.user, _ = User.objects.get_or_create(
            username="bench", defaults={"is_staff": True, "is_superuser": True}
        )
        _token, secret = create_token(self.user, scope=Scope.READ, name=f"{timezone.now()}")
        self.bearer = {"Authorization": f"Bearer {secret}"}
        self.browser = Client(SERVER_NAME="localhost")
        self.browser.force_login(self.user)
        self.program = Client(SERVER_NAME="localhost")

    def api(self, what: str, query: dict[str, Any] | None = None, **further: Any) -> Page:
        """A list of the API."""
        address = f"{_API}?{urlencode(query or {})}"
        return Page(f"API list of 50: {what}", address, self.program, _API_MS, self.bearer)

    def admin(self, what: str, address: str) -> Page:
        """A page of the admin."""
        return Page(f"admin: {what}", address, self.browser, _ADMIN_MS)


def _api_pages(asked: _Askers) -> list[Page]:
    word, rare = _words()
    return [
        asked.api("all"),
        asked.api("a common tag", {"tag": 1}),
        asked.api("a rare tag", {"tag": 1_900}),
        asked.api("two common tags", {"tag": "3,5"}),
        asked.api("a common and a rare tag", {"tag": "2,1500"}),
        asked.api("two rare tags", {"tag": "1500,1600"}),
        asked.api("without a common tag", {"tag_none": 1}),
        asked.api("codec and height", {"codec": "av1", "height_min": 2_160}),
        asked.api("two codecs", {"codec": "hevc,vp9"}),
        asked.api("a common codec, large files", {"codec": "h264", "ordering": "-size"}),
        asked.api("a common word", {"search": word}),
        asked.api("a rare word", {"search": rare}),
        asked.api("two words", {"search": f"{word} {rare}"}),
        asked.api("a word that isn't there", {"search": "xylophonist"}),
        asked.api("a common studio", {"studio": 1}),
        asked.api("a rare studio", {"studio": 390}),
        asked.api("a common performer", {"performer": 1}),
        asked.api("a rare performer", {"performer": 19_000}),
        asked.api("favorites", {"favorite": "true"}),
        asked.api("missing", {"missing": "true"}),
        asked.api("longer than an hour", {"duration_min": 3_600}),
        asked.api("a library", {"library": 2}),
        asked.api("portraits", {"orientation": "portrait"}),
        asked.api("best rated of a tag", {"tag": 2, "ordering": "-rating"}),
        asked.api("tag, codec, word", {"tag": 1, "codec": "hevc", "search": word}),
    ]


def _words() -> tuple[str, str]:
    from benchmarks.invention import WORDS, word

    return word(300), word(WORDS - 5)


def _orders(report: Report, asked: _Askers) -> None:
    """First pages in several orders, and the ten-thousandth page of some, by cursor."""
    from apps.library.api.views import VideoViewSet

    names = [name for name in VideoViewSet.ordering_fields if name != "id"]
    orders = [f"{sign}{name}" for name in names for sign in ("-", "")] + ["-rating,duration"]
    _show(report, measure([asked.api(f"by {order}", {"ordering": order}) for order in orders]))
    deep = [
        Page(f"API page {_DEEP_PAGE:,} by cursor: {order}", address, asked.program, _API_MS,
             asked.bearer)
        for order in ("-added_at", "title", "-rating", "-duration", "-rating,duration")
        if (address := _deep_address(asked, order))
    ]  # fmt: skip
    _show(report, measure(deep))


def _deep_address(asked: _Askers, order: str) -> str:
    """Where the ten-thousandth page of 50 begins: the cursor behind the row before it.

    A cursor says a row's place in the order, so it needn't be reached page by page.
    """
    from apps.core.api.keyset import Cursor
    from apps.core.api.pagination import parse_ordering
    from apps.library.api.views import VideoViewSet
    from apps.library.models import Video

    keys = parse_ordering(order, VideoViewSet.ordering_fields, Video)
    behind = min((_DEEP_PAGE - 1) * 50, Video.objects.count() - 51)
    row = Video.objects.order_by(*keys.order_by())[behind]
    cursor = Cursor(tuple(keys.position(row)), backwards=False).text(keys)
    return f"{_API}?{urlencode({'ordering': order, 'cursor': cursor})}"


def _admin_pages(asked: _Askers) -> list[Page]:
    word, rare = _words()
    browse = f"{_ADMIN}browse/"
    return [
        asked.admin("list of 25 videos", _ADMIN),
        asked.admin("list by title", f"{_ADMIN}?o=2"),
        asked.admin("list, search for a common word", f"{_ADMIN}?q={word}"),
        asked.admin("list, search for a rare word", f"{_ADMIN}?q={rare}"),
        asked.admin("list, of a codec", f"{_ADMIN}?codec=hevc"),
        asked.admin("list of 25 files", "/admin/library/file/"),
        asked.admin("list of 25 performers", "/admin/library/performer/"),
        asked.admin("list of 25 tags", "/admin/library/tag/"),
        asked.admin("browse, 60 covers", browse),
        asked.admin("browse, a tag", f"{browse}?tag=1"),
        asked.admin("browse, search for a common word", f"{browse}?q={word}"),
        asked.admin("browse, best rated", f"{browse}?sort=rating"),
        asked.admin("a video", f"{_ADMIN}5/change/"),
        asked.admin("home", "/admin/"),
    ]


def _show(report: Report, all_measured: list[Measured]) -> None:
    for measured in all_measured:
        page = measured.page
        note = (
            f"p95 {measured.p95_ms:.1f} ms, {measured.queries} queries in {measured.sql_ms:.1f} ms"
        )
        median_ms = measured.median_ms
        report.add(page.what, median_ms, "ms", most=page.most_ms, turns=measured.all_ms, note=note)
        if median_ms > page.most_ms:
            took, sql, params = measured.slowest
            report.details[f"{page.what}: slowest query"] = f"{took:.1f} ms: {sql} {params}"


def _counts(report: Report, asked: _Askers) -> None:
    """Counts are right when they say that they are exact, and say so if they aren't."""
    from apps.library.models import Tag, Video

    for query, videos in (
        ({}, Video.objects.all()),
        ({"tag": 1}, Video.objects.tagged_all([Tag.objects.descendants_of([1])])),
        ({"studio": 390}, Video.objects.filter(studio=390)),
        ({"missing": "true"}, Video.objects.missing()),
        ({"search": "xylophonist"}, Video.objects.search("xylophonist")),
    ):
        answer = ask(asked.api("count", query)).json()
        said, estimated, really = answer["count"], answer["count_is_estimate"], videos.count()
        small = really <= _EXACT_UP_TO
        holds = (not estimated and said == really) if small else estimated
        report.check(
            f"count of {query or 'all'}: exact when small, else said to be estimated",
            holds=holds, note=f"{really:,}, said {said:,}{' or so' if estimated else ''}",
        )  # fmt: skip


def _query_counts(report: Report, asked: _Askers) -> None:
    """A page of many rows costs the queries of a page of few."""
    few, many = (asked.api("queries", {"page_size": size}) for size in (2, 200))
    counts = [measured.queries for measured in measure([few, many])]
    report.check(
        "API: 200 rows cost the queries of 2", holds=counts[0] == counts[1], note=str(counts)
    )
    few, many = (asked.admin("queries", f"{_ADMIN}?q={word}") for word in _words()[::-1])
    counts = [measured.queries for measured in measure([few, many])]
    rows = [ask(page).content.count(b'name="_selected_action"') for page in (few, many)]
    report.check(
        f"admin: a list of {rows[1]} rows costs the queries of {rows[0]}",
        holds=counts[0] == counts[1] and rows[0] < rows[1], note=str(counts),
    )  # fmt: skip

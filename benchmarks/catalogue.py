"""A million videos: how quickly they go in, and how quickly pages of them come out."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from benchmarks import questions
from benchmarks.report import Report
from benchmarks.requests import Measured, Page, ask, measure

_API, _ADMIN = "/api/v1/", "/admin/"
_API_MS, _ADMIN_MS = 30.0, 120.0
_DEEP_PAGE = 10_000
_LEAST_ROWS_PER_S = 10_000
_EXACT_UP_TO = 1_000


def run(report: Report) -> None:
    """All of it; ``MEDIAHUB_BENCH_VIDEOS`` makes a smaller catalogue."""
    from benchmarks.filling import use_catalogue

    made = use_catalogue()
    rate = made["rows"] / made["seconds"]
    note = f"{made['rows']:,} rows in {made['seconds']:,.0f} s, with indexes and triggers"
    report.add("rows inserted", rate, "rows/s", least=_LEAST_ROWS_PER_S, note=note)
    report.add("size of the database", made["bytes"] / 1e9, "GB")
    asked = _Askers()
    for resource, named in questions.API.items():
        _show(report, measure([asked.api(resource, what, query) for what, query in named.items()]))
    _show(report, measure(_orders(asked)))
    _show(report, measure(_deep_pages(asked)))
    _show(report, measure([asked.admin(*named) for named in questions.ADMIN.items()]))
    _counts(report, asked)
    _query_counts(report, asked)


class _Askers:
    """An administrator with a browser, and a program with that one's token."""

    def __init__(self) -> None:
        from apps.accounts.choices import Scope
        from apps.accounts.services.tokens import create_token

        user, _ = User.objects.get_or_create(
            username="bench", defaults={"is_staff": True, "is_superuser": True}
        )
        _token, secret = create_token(user, scope=Scope.READ, name=f"{timezone.now()}")
        self.bearer = {"Authorization": f"Bearer {secret}"}
        self.browser = Client(SERVER_NAME="localhost")
        self.browser.force_login(user)
        self.program = Client(SERVER_NAME="localhost")

    def api(self, resource: str, what: str, query: dict[str, Any]) -> Page:
        """A list of the API."""
        address = f"{_API}{resource}/?{urlencode(query)}"
        most_ms = _API_MS if what not in questions.BEYOND else None
        return Page(f"API, 50 {resource}: {what}", address, self.program, most_ms, self.bearer)

    def admin(self, what: str, path: str) -> Page:
        """A page of the admin."""
        return Page(f"admin, {what}", f"{_ADMIN}{path}", self.browser, _ADMIN_MS)


def _orders(asked: _Askers) -> list[Page]:
    """First pages in every order that there is."""
    from apps.library.api.views import FileViewSet, VideoViewSet

    views = {"videos": VideoViewSet, "files": FileViewSet}
    orders = [
        (resource, f"{sign}{name}")
        for resource, view in views.items()
        for name in view.ordering_fields
        for sign in ("-", "")
    ]
    orders.append(("videos", "-rating,duration"))
    return [asked.api(resource, f"by {o}", {"ordering": o}) for resource, o in orders]


def _deep_pages(asked: _Askers) -> list[Page]:
    """The ten-thousandth page of 50 in several orders.

    A cursor says a row's place in the order, so the page needn't be reached one by one.
    """
    from apps.core.api.keyset import Cursor
    from apps.core.api.pagination import parse_ordering
    from apps.library.api.views import VideoViewSet
    from apps.library.models import Video

    behind = min((_DEEP_PAGE - 1) * 50, Video.objects.count() - 51)
    pages = []
    for order in ("-added_at", "title", "-rating", "duration", "-size", "-rating,duration"):
        keys = parse_ordering(order, VideoViewSet.ordering_fields, Video)
        row = Video.objects.order_by(*keys.order_by())[behind - 1]
        cursor = Cursor(tuple(keys.position(row)), backwards=False).text(keys)
        query = {"ordering": order, "cursor": cursor}
        pages.append(asked.api("videos", f"page {_DEEP_PAGE:,} by cursor, {order}", query))
    return [*pages, asked.api("videos", "a late page by number", {"page": behind // 50})]


def _show(report: Report, all_measured: list[Measured]) -> None:
    for measured in all_measured:
        page = measured.page
        note = (
            f"p95 {measured.p95_ms:.1f} ms, {measured.queries} queries in {measured.sql_ms:.1f} ms"
        )
        median_ms = measured.median_ms
        report.add(page.what, median_ms, "ms", most=page.most_ms, turns=measured.all_ms, note=note)
        if page.most_ms and median_ms > page.most_ms:
            took, sql, params = measured.slowest
            report.details[f"{page.what}: slowest query"] = f"{took:.1f} ms: {sql} {params}"


def _counts(report: Report, asked: _Askers) -> None:
    """Counts are right when they say that they are exact, and say so if they aren't."""
    from apps.library.models import Tag, Video

    for query, videos in (
        ({}, Video.objects.all()),
        ({"tag": 1}, Video.objects.tagged_all([Tag.objects.descendants_of([1])])),
        ({"tag": 1_900}, Video.objects.tagged_all([Tag.objects.descendants_of([1_900])])),
        ({"studio": 390}, Video.objects.filter(studio=390)),
        ({"performer": 9_000}, Video.objects.performed_by_all([9_000])),
        ({"missing": "true"}, Video.objects.missing()),
        ({"search": questions.RARE_WORD}, Video.objects.search(questions.RARE_WORD)),
        ({"search": "xylophonist"}, Video.objects.search("xylophonist")),
    ):
        answer = ask(asked.api("videos", "count", query)).json()
        said, estimated, really = answer["count"], answer["count_is_estimate"], videos.count()
        holds = abs(said - really) < really / 2 if estimated else said == really
        report.check(
            f"count of {query or 'all'}: exact when small, else said to be estimated",
            holds=holds and (estimated <= (really > _EXACT_UP_TO)),
            note=f"{really:,}, said {said:,}{' or so' if estimated else ''}",
        )


def _query_counts(report: Report, asked: _Askers) -> None:
    """A page of many rows costs the queries of a page of few."""
    few, many = (asked.api("videos", "queries", {"page_size": size}) for size in (2, 200))
    counts = [measured.queries for measured in measure([few, many])]
    report.check(
        "API: 200 rows cost the queries of 2", holds=counts[0] == counts[1], note=str(counts)
    )
    few, many = (asked.admin("queries", f"library/video/?q={word}") for word in ("12345", "1234"))
    counts = [measured.queries for measured in measure([few, many])]
    rows = [ask(page).content.count(b'name="_selected_action"') for page in (few, many)]
    report.check(
        "admin: a full list costs the queries of a short one",
        holds=counts[0] == counts[1], note=f"{counts}, rows {rows}",
    )  # fmt: skip

"""The query language by the API: lists, ranks, forgiven typing errors, limits."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, models
from django.db.models import Exists, Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.choices import Role
from apps.artifacts.tasks import generate
from apps.jobs.services.items import Item
from apps.library.models import Library, Video
from apps.library.search import Field, Scope, all_fields, ranking, register
from apps.library.search import field as registry
from apps.library.services.vocabulary import learn_words
from tests.client import Api
from tests.factories import NOON, make_performer, make_tag, make_video


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def titles(api: Api, **parameters: Any) -> list[str]:
    return [video["title"] for video in api.results("videos/", **parameters)]


def test_viewers_may_ask(as_role: Callable[..., Api]) -> None:
    api = as_role(Role.VIEWER)
    for path in ("videos/", "videos/facets/", "videos/complete/"):
        assert api.get(path, q="drone").status_code == 200
    assert api.get("videos/fields/").status_code == 200


def test_strangers_may_not_ask() -> None:
    for path in ("facets", "complete", "fields"):
        assert Api().get(f"videos/{path}/").status_code == 401


def test_fields_say_all_that_is_known_of_them(api: Api) -> None:
    make_video(video_codec="hevc")

    told = {one["name"]: one for one in api.get("videos/fields/").json()}

    assert set(told) == {field.name for field in all_fields()}
    assert told["rating"] | {"help": ""} == {
        "name": "rating", "label": "Rating", "kind": "number", "help": "",
        "operators": [":", "=", "!=", "<", "<=", ">", ">="], "choices": None,
        "examples": ["rating>=80", "rating:none"],
    }  # fmt: skip
    assert told["codec"]["choices"] == [{"value": "hevc", "label": "hevc"}]


def test_completion_is_as_in_the_contract(api: Api) -> None:
    make_video(tags=[make_tag("Big cat")])

    assert api.get("videos/complete/", q="x tag:bi y", at=8).json() == {
        "from": 6, "to": 8,
        "items": [{"text": '"Big cat"', "label": "Big cat", "kind": "value", "count": 1,
                   "help": ""}],
    }  # fmt: skip


def test_completion_of_a_broken_query_is_no_error(api: Api) -> None:
    for text in ('"', "((", "tag:,", "-", "a:b:c", "\\", "OR OR", "tag:" + "x" * 3_000):
        assert api.get("videos/complete/", q=text).status_code == 200


@pytest.mark.parametrize("at", ["-1", "x", "99999999999999999999"])
def test_caret_that_is_no_place_is_refused(api: Api, at: str) -> None:
    assert api.get("videos/complete/", q="a", at=at).json()["errors"].keys() == {"at"}


def test_facets_are_as_in_the_contract(api: Api) -> None:
    make_video(video_codec="hevc", tags=[make_tag("cat")])
    make_video(video_codec="h264")

    assert api.get("videos/facets/", q="codec:hevc", fields="codec,tag").json() == {
        "count": 1, "count_is_estimate": False,
        "fields": {
            "codec": {
                "values": [
                    {"value": "h264", "label": "h264", "count": 1, "query": "codec:h264"},
                    {"value": "hevc", "label": "hevc", "count": 1, "query": "codec:hevc"},
                ],
                "is_estimate": False,
            },
            "tag": {
                "values": [{"value": "cat", "label": "cat", "count": 1, "query": 'tag:"cat"'}],
                "is_estimate": False,
            },
        },
    }  # fmt: skip


def test_facet_that_is_unknown_is_named(api: Api) -> None:
    problem = api.get("videos/facets/", fields="codex").json()

    assert (problem["status"], list(problem["errors"])) == (400, ["fields"])


@pytest.mark.parametrize("path", ["videos/", "videos/facets/"])
def test_broken_query_says_where(api: Api, path: str) -> None:
    problem = api.get(path, q="codec:hevc codex:av1").json()

    assert (problem["status"], list(problem["errors"])) == (400, ["q"])
    assert "character 12" in problem["detail"]


def test_few_are_found_once_for_page_and_count(api: Api) -> None:
    for number in range(3):
        make_video(f"Drone {number}")
    make_video("Else")

    with CaptureQueriesContext(connection) as caught:
        answer = api.get("videos/", q="drone", page_size=2, ordering="title").json()

    searches = [
        one["sql"] for one in caught if " LIKE " in one["sql"] and "library_video" in one["sql"]
    ]
    assert len([sql for sql in searches if not sql.startswith("EXPLAIN")]) == 1
    assert (answer["count"], answer["count_is_estimate"]) == (3, False)
    following = api.get(answer["next"].partition("/api/v1/")[2]).json()
    assert [v["title"] for v in (*answer["results"], *following["results"])] == [
        "Drone 0", "Drone 1", "Drone 2",
    ]  # fmt: skip


@pytest.mark.parametrize("ordering", ["title", "-title", "-rating,title", "id,title"])
def test_few_are_paged_forth_and_back(api: Api, ordering: str) -> None:
    for number in range(7):
        make_video(f"Drone {number}", rating=10 if number % 2 else None)
    whole = titles(api, q="drone", ordering=ordering)

    forth = []
    page = api.get("videos/", q="drone", ordering=ordering, page_size=3).json()
    while page["next"]:
        forth.append(page)
        page = api.get(page["next"].partition("/api/v1/")[2]).json()
    back = [page]
    while page["previous"]:
        page = api.get(page["previous"].partition("/api/v1/")[2]).json()
        back.insert(0, page)

    for pages in ([*forth, back[-1]], back):
        assert [v["title"] for page in pages for v in page["results"]] == whole


@pytest.mark.parametrize("gone", [True, False])
def test_few_go_on_where_a_row_has_gone_or_moved(api: Api, gone: bool) -> None:
    videos = [make_video(f"Drone {number}") for number in range(5)]
    page = api.get("videos/", q="drone", ordering="title", page_size=2).json()

    Video.objects.filter(pk=videos[1].pk).update(title="Else" if gone else "Drone 9")

    following = api.get(page["next"].partition("/api/v1/")[2]).json()
    assert [v["title"] for v in following["results"]] == ["Drone 2", "Drone 3"]


def test_best_match_comes_first(api: Api) -> None:
    for title in ("Night and day", "A night", "Night", "Tonight", "nightly"):
        make_video(title)
    make_video("Other", performers=[make_performer("Night, Ann")])

    found = titles(api, q="night", ordering="-relevance")

    assert found[:2] == ["Night", "Night and day"]
    assert set(found) == {"Night and day", "A night", "Night", "Tonight", "nightly", "Other"}
    assert found.index("A night") < found.index("Tonight")


def test_rating_and_age_decide_between_equals(api: Api) -> None:
    make_video("Drone", rating=20, added_at=NOON)
    make_video("Drone", rating=90, added_at=NOON - timedelta(days=30))

    ratings = [v["rating"] for v in api.results("videos/", q="drone", ordering="-relevance")]

    assert ratings == [90, 20]


def test_length_that_is_asked_for_decides_between_equals(api: Api) -> None:
    for minutes in (11, 15, 19):
        make_video("Drone", duration_ms=minutes * 60_000, added_at=NOON)

    found = api.results("videos/", q="drone duration:10m..20m", ordering="-relevance")

    assert found[0]["duration"] == 15 * 60


def test_pages_by_relevance_fit_together(api: Api) -> None:
    for number in range(23):
        make_video(f"Night {number % 5}", rating=1 + number % 3, added_at=NOON)
    whole = [v["id"] for v in api.results("videos/", q="night", ordering="-relevance")]

    seen: list[int] = []
    response = api.get("videos/", q="night", ordering="-relevance", page_size=5).json()
    while True:
        seen += [video["id"] for video in response["results"]]
        assert response["count"] == 23
        if response["next"] is None:
            break
        response = api.get(response["next"]).json()

    assert seen == whole
    assert [v["id"] for v in api.get(response["previous"]).json()["results"]] == whole[15:20]
    numbered = api.results("videos/", q="night", ordering="-relevance", page_size=5, page=2)
    assert [v["id"] for v in numbered] == whole[5:10]


def test_what_is_not_ranked_is_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        make_video(f"Night {number}")
    monkeypatch.setattr(ranking, "_candidates", lambda _question, videos: [videos.first().pk])

    page = api.get("videos/", q="night", ordering="-relevance").json()

    assert (len(page["results"]), page["count"]) == (1, 12)


def test_relevance_without_words_is_the_usual_order(api: Api) -> None:
    for days in (1, 3, 2):
        make_video(f"{days} days", added_at=NOON - timedelta(days=days))

    assert titles(api, ordering="-relevance") == ["1 days", "2 days", "3 days"]
    assert titles(api, q="codec:h264", ordering="-relevance,title") == [
        "1 days", "2 days", "3 days",
    ]  # fmt: skip


def test_relevance_goes_with_other_filters_and_keys(api: Api) -> None:
    make_video("Night", video_codec="av1", rating=10, added_at=NOON)
    make_video("Night", video_codec="h264", added_at=NOON)

    assert len(titles(api, q="night", codec="av1", ordering="-relevance,title")) == 1
    assert api.get("videos/", q="night", ordering="-relevance,nope").status_code == 400


def test_why_tells_the_parts_of_the_score(api: Api) -> None:
    make_video("Night", rating=50)

    rank = api.results("videos/", q="night", why="true")[0]["rank"]

    assert rank["parts"]["exact_title"] == 40.0
    assert rank["parts"]["rating"] == 1.5
    assert rank["score"] == pytest.approx(sum(rank["parts"].values()) * 10_000, abs=50)
    assert "rank" not in api.results("videos/", q="night")[0]
    assert api.results("videos/", why="true")[0]["rank"] is None


def test_many_ranked_rows_cost_the_queries_of_few(api: Api) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            titles(api, q="night", ordering="-relevance", why="true")
        return len(found)

    make_video("Night")
    statements()
    few = statements()
    for number in range(20):
        make_video(f"Night {number}", tags=[make_tag()])

    assert statements() == few


def test_typing_errors_are_forgiven_and_told(api: Api) -> None:
    make_video("Drone flight")
    make_video("Cat")
    learn_words()

    answer = api.get("videos/", q="dorne").json()

    assert [video["title"] for video in answer["results"]] == ["Drone flight"]
    assert (answer["forgiven"], answer["count"]) == ([{"from": "dorne", "to": "drone"}], 1)


def test_what_is_found_exactly_needs_no_forgiveness(api: Api) -> None:
    make_video("Dorne")
    make_video("Drone")
    learn_words()

    assert "forgiven" not in api.get("videos/", q="dorne").json()
    assert titles(api, q="dorne") == ["Dorne"]
    assert "forgiven" not in api.get("videos/", q="xyzzyqwv").json()
    assert "forgiven" not in api.get("videos/", q='"dornee"').json()


def test_forgiven_lists_have_pages_and_ranks(api: Api) -> None:
    for number in range(3):
        make_video(f"Drone {number}")
    learn_words()

    first = api.get("videos/", q="dorne", page_size=2, ordering="-relevance", why="true").json()
    second = api.get(first["next"]).json()

    assert len(first["results"]) + len(second["results"]) == first["count"] == 3
    assert first["results"][0]["rank"]["score"] > 0
    assert second["forgiven"] == [{"from": "dorne", "to": "drone"}]


class _Slow(Field):
    """Sleeps for two seconds."""

    def match(self, value: Any, operator: str, scope: Scope) -> Q:
        slow = models.Func(models.Value(2.0), function="pg_sleep", output_field=models.TextField())
        rows = Library.objects.annotate(slept=models.functions.Cast(slow, models.TextField()))
        return Q(Exists(rows.filter(slept="")))


@pytest.fixture
def _slow_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_fields", dict(registry._fields))
    register(_Slow("slow", "Slow", "Sleeps."))


@pytest.mark.usefixtures("_slow_field")
@pytest.mark.parametrize("path", ["videos/", "videos/facets/"])
def test_question_that_takes_too_long_is_given_up(api: Api, path: str, settings: Any) -> None:
    settings.MEDIAHUB_SEARCH_TIMEOUT_MS = 150
    make_video()

    problem = api.get(path, q="slow:yes")

    assert problem.status_code == 503
    assert "too long" in problem.json()["detail"]
    assert api.get("videos/", q="codec:h264").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone()[0] != "150ms"


_TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["tag:", "title:", "path:", "rating>", "added:", "(", ")", "-", "OR", '"', "*", "%",
             "'", "\\", "drone", "none", "any", "1e999", "9" * 30, "..", ",", "$1", "%s", "{}",
             "--", "/*", ";", "\u202e", "\u0130", "ﬃ", " "]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=_TEXTS, at=st.integers(0, 50))
def test_hostile_queries_never_break_the_server(api: Api, text: str, at: int) -> None:
    assert api.get("videos/complete/", q=text, at=at).status_code in {200, 400}
    for path in ("videos/", "videos/facets/"):
        assert api.get(path, q=text).status_code in {200, 400}
    ranked = api.get("videos/", q=text, ordering="-relevance", why="true")
    assert ranked.status_code in {200, 400}


def test_artifacts_are_made_for_what_a_query_finds(api: Api) -> None:
    wanted = make_video("Drone")
    make_video("Cat")

    job = api.post("artifacts/generate/", {"kinds": ["cover"], "q": "drone  codec:h264"})
    same = api.post("artifacts/generate/", {"kinds": ["cover"], "q": "drone codec:h264"})
    other = api.post("artifacts/generate/", {"kinds": ["cover"], "q": "cat"})

    assert job.status_code == 202
    assert job.json()["params"]["query"] == "drone codec:h264"
    assert same.json()["id"] == job.json()["id"] != other.json()["id"]
    splitting = _Splitting()
    generate.work(splitting, **job.json()["params"])  # type: ignore[arg-type]
    assert splitting.videos == [wanted.pk]


def test_artifacts_for_a_broken_query_are_refused(api: Api) -> None:
    refused = api.post("artifacts/generate/", {"kinds": ["cover"], "q": "codex:av1"})

    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["q"])


class _Splitting:
    """Stands for a job: keeps which videos its work was split into."""

    def __init__(self) -> None:
        self.videos: list[int] = []

    def split(self, _task: Any, items: Iterable[Item]) -> None:
        self.videos += [item.params["video_id"] for item in items]

"""Browse: what its address asks for, and what it says when that can't be had."""

import re
from html import unescape

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg.errors import QueryCanceled

from apps.accounts.choices import Role
from apps.artifacts.choices import ArtifactState
from apps.browse.models import BrowseSettings, SavedView
from apps.library.choices import Orientation, ProbeState
from apps.library.models import Word
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_file,
    make_library,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

HOSTILE = "<script>alert(1)</script> \"'> onerror=alert(2)"


def browse(client: Client, **parameters: object) -> str:
    response = client.get(reverse("admin:library_video_browse"), parameters)
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'mh-card-title" title="([^"]*)"', page)]


def chips(page: str) -> list[str]:
    found = re.findall(r'data-edit\s+title="Edit">([^<]*)<', page)
    return [unescape(one) for one in found]


def links(page: str, identity: str) -> list[str]:
    return [
        unescape(one)
        for one in re.findall(rf'id="{identity}"\s+(?:class="[^"]*"\s+)?href="([^"]*)"', page)
    ]


class TestQuery:
    def test_narrows_the_page(self, boss: Client) -> None:
        tag, performer, studio = make_tag("Dog"), make_performer("Ada"), make_studio("North")
        library = make_library(name="Films")
        wanted = make_video(
            "Wanted one", library=library, tags=[tag], performers=[performer], studio=studio,
            favorite=True, video_codec="av1", orientation=Orientation.PORTRAIT, missing_since=NOON,
        )  # fmt: skip
        make_video("Other", video_codec="h264")

        for query in (
            "wanted", "library:films", "tag:dog", "performer:ada", "studio:north",
            "is:favorite", "codec:av1", "orientation:portrait", "is:missing",
        ):  # fmt: skip
            page = browse(boss, q=query)
            assert titles(page) == [wanted.title], query
            assert len(chips(page)) == 1, query
            assert "1 video<" in page

    def test_its_conditions_are_chips_that_come_off_and_turn_round(self, boss: Client) -> None:
        make_tag("Dog")
        page = browse(boss, q="duration<10m -tag:dog", ordering="title", layout="table")

        assert chips(page) == ["Length < 10m", "not Tag: dog"]
        rest = "&ordering=title&layout=table"
        assert links(page, "chip-0-off") == [f"?q=-tag%3Adog{rest}"]
        assert links(page, "chip-1-turn") == [f"?q=duration%3C10m+tag%3Adog{rest}"]
        assert links(page, "chips-clear") == [f"?q={rest}"]

    @pytest.mark.parametrize(
        ("query", "said", "wrong", "mended"),
        [
            ("a duratin<10m", "There is no field “duratin”", "duratin", "a duration<10m"),
            ("codec:h265x", "isn't known here", "h265x", "codec:h264"),
            ("(a", "Something is missing at the end", " ", ""),
            ("duration<soon", "soon", "soon", ""),
            ("x\0y", "null character", "\0", ""),
            ("x" * 2_001, "2,000 characters", "x", ""),
        ],
    )
    def test_that_is_wrong_is_shown_with_its_place_and_never_as_all(
        self, boss: Client, query: str, said: str, wrong: str, mended: str
    ) -> None:
        make_video("Here", video_codec="h264")

        page = browse(boss, q=query)

        assert titles(page) == []
        fault = unescape(page[page.index('id="browse-fault"') :].partition("br-bar")[0])
        assert said in fault
        assert f"<mark>{wrong}</mark>" in fault
        assert (f">{mended}</a>" in fault) if mended else ("fault-mend" not in fault)

    def test_a_condition_that_is_wrong_can_be_taken_off(self, boss: Client) -> None:
        page = browse(boss, q="nonsense:1 walk")

        assert chips(page) == ["nonsense: 1", "“walk”"]
        assert links(page, "chip-0-off") == ["?q=walk"]

    def test_that_takes_too_long_is_given_up(
        self, boss: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_video("Here")
        from apps.browse.pages import browse as page_module

        real = page_module.results

        def slow(state: object, request: object) -> object:
            if state.query is not None:  # type: ignore[attr-defined]
                raise OperationalError from QueryCanceled()
            return real(state, request)  # type: ignore[arg-type]

        monkeypatch.setattr(page_module, "results", slow)

        assert "took the database too long" in browse(boss, q="here")


class TestWords:
    def test_find_what_matches_best_first(self, boss: Client) -> None:
        for title in ("The waves of it", "Waves", "Waves at night"):
            make_video(title)

        assert titles(browse(boss, q="waves")) == ["Waves", "Waves at night", "The waves of it"]
        assert titles(browse(boss, q="waves", ordering="title"))[0] == "The waves of it"
        assert titles(browse(boss, q="duration>1s"))[0] == "Waves at night"  # the newest
        assert links(browse(boss, q="waves"), "sort-title-add") == [
            "?q=waves&ordering=-relevance%2Ctitle"
        ]
        assert "sort-relevance" not in browse(boss)
        assert "There is no key" not in browse(boss, ordering="-relevance")

    def test_that_were_mistyped_are_taken_for_others_and_that_is_said(self, boss: Client) -> None:
        for number in range(30):
            make_video(f"Drone {number:02}")
        Word.objects.create(text="drone")

        page = browse(boss, q="dorne duration>1s", page_size=25)

        assert len(titles(page)) == 25
        said = unescape(page[page.index("br-forgiven") :].partition("</p>")[0])
        assert "“dorne”: it was taken for “<b>drone</b>”" in said
        assert links(page, "forgiven-accept") == ["?q=drone+duration%3E1s&page_size=25"]
        assert 'data-query="drone duration&gt;1s"' in page
        more = re.search(r'data-next="([^"]+)"', page)
        assert more
        url = reverse("admin:library_video_browse") + unescape(more[1])
        assert len(titles(boss.get(url + "&fragment=results").content.decode())) == 5
        assert "br-forgiven" not in browse(boss, q="drone")
        assert "Nothing matches" in browse(boss, q='"dorne"')


class TestEmpty:
    def test_says_which_conditions_to_take_off(self, boss: Client) -> None:
        for number in range(3):
            make_video(f"Walk {number}", duration_ms=60_000)
        make_video("Party", duration_ms=3_600_000)

        page = browse(boss, q="walk duration>30m zebra")
        assert "Nothing matches" in page
        assert "relaxed-1" not in page  # nothing is found without any one of them

        page = browse(boss, q="walk duration>30m")
        assert unescape(page).count("without “walk”: 1 video<") == 1
        assert "without Length &gt; 30m: 3 videos<" in page
        assert links(page, "browse-reset") == ["?q="]

    def test_the_relaxations_cost_so_much_at_most(self, boss: Client) -> None:
        make_video("Walk")

        def cost(words: int) -> int:
            query = " ".join(["zebra", *(f"walk{number}" for number in range(words))])
            with CaptureQueriesContext(connection) as caught:
                browse(boss, q=query)
            return len(caught)

        cost(1)
        assert cost(8) == cost(30)

    def test_an_empty_library_is_told_otherwise(self, boss: Client) -> None:
        assert "Nothing matches" not in browse(boss)


class TestParameters:
    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("colour", "red", "There is no such parameter"),
            ("tag", "3", "There is no such parameter"),
            ("zoom", "xxl", "one of s, m, l"),
            ("layout", "<b>", "one of grid, table, wall"),
            ("page_size", "24", "25 to 500"),
            ("page_size", "9" * 30, "25 to 500"),
            ("page_size", "x", "25 to 500"),
            ("ordering", "-colour", "There is no key “colour”"),
            ("ordering", ",", "There is no key"),
            ("cursor", "x", "no cursor of ours"),
        ],
    )
    def test_that_cannot_be_used_are_named_and_left_out(
        self, boss: Client, name: str, value: str, said: str
    ) -> None:
        make_video("Here")

        page = browse(boss, **{name: value})

        assert titles(page) == ["Here"] or name == "layout"
        problem = unescape(page[page.index("br-problem") :].partition("</p>")[0])
        assert f"<code>{name}</code>" in problem
        assert said in problem
        head = page[page.index("browse-filters") : page.index("browse-panel")]
        assert f"{name}={value}" not in unescape(head)  # no link carries it on

    def test_of_a_cursor_belong_to_their_order(self, boss: Client) -> None:
        for number in range(30):
            make_video(f"Video {number:02}")
        page = browse(boss, ordering="title", page_size=25)
        following = re.search(r'data-next="([^"]+)"', page)
        assert following
        address = unescape(following[1])
        url = reverse("admin:library_video_browse")

        assert titles(boss.get(url + address).content.decode()) == [
            f"Video {number:02}" for number in range(25, 30)
        ]
        other = boss.get(url + address.replace("ordering=title", "ordering=-title"))
        assert "belongs to another ordering" in unescape(other.content.decode())

    def test_several_keys_sort(self, boss: Client) -> None:
        for title, rating in (("B", 50), ("A", 50), ("C", 90)):
            make_video(title, rating=rating)

        page = browse(boss, ordering="-rating,title")

        assert titles(page) == ["C", "A", "B"]
        assert links(page, "sort-title-earlier") == ["?ordering=title%2C-rating"]

    def test_of_ones_own_are_remembered_unless_the_address_says_otherwise(
        self, boss: Client
    ) -> None:
        user = make_user(superuser=True)
        boss.force_login(user)
        BrowseSettings.objects.create(user=user, zoom="l", page_size=100, open_panels=["codec"])

        page = browse(boss)

        assert 'data-zoom-grid="l"' in page
        assert 'data-page-size="100"' in page
        assert re.search(r'data-section="codec"[^>]*open', page)
        assert not re.search(r'data-section="audio"[^>]*open', page)
        assert 'data-zoom-grid="s"' in browse(boss, zoom="s")


class TestFilters:
    def send(self, boss: Client, **sent: object) -> str:
        response = boss.get(reverse("admin:library_video_browse_filter"), sent)
        assert response.status_code == 302
        address: str = response["Location"]
        return unescape(address.partition("?")[2])

    def test_lead_to_the_query_that_they_ask_for(self, boss: Client) -> None:
        sent = {"section": "duration", "operator": "<", "low": "10m"}

        assert (
            self.send(boss, q="a", ordering="title", **sent) == "q=a+duration%3C10m&ordering=title"
        )
        assert self.send(boss, q="a duration>1h b", **sent) == "q=a+duration%3C10m+b"
        assert self.send(boss, q="a", fragment="page", **sent).endswith("&fragment=page")

    def test_leave_a_query_alone_that_cannot_be_read(self, boss: Client) -> None:
        assert self.send(boss, q="(a", section="is", **{"flag-favorite": "yes"}) == "q=%28a"
        assert self.send(boss, q="a", section="nonsense") == "q=a"

    def test_change_a_views_query_without_leaving_it(self, boss: Client) -> None:
        view = SavedView.objects.create(owner_id=boss.session["_auth_user_id"], name="V", query="a")

        address = self.send(boss, view=view.pk, section="is", **{"flag-favorite": "yes"})

        assert address == f"q=a+is%3Afavorite&view={view.pk}"

    def test_there_is_a_section_for_each_field_of_ones_own(self, boss: Client) -> None:
        field = make_custom_field("mood")
        field.label = HOSTILE
        field.save()

        page = browse(boss)

        assert 'data-section="mood"' in page
        assert "<script>alert" not in page

    def test_are_there_while_a_query_is_wrong_that_can_be_read(self, boss: Client) -> None:
        assert "data-section" in browse(boss, q="nonsense:1")
        assert "data-section" not in browse(boss, q="(a")


class TestFragments:
    def test_of_the_page_hold_what_changes(self, boss: Client) -> None:
        make_video("Here")

        page = browse(boss, q="here", fragment="page")

        for part in ("browse-head", "browse-sections", "browse-results"):
            assert f'id="{part}"' in page
        assert "<html" not in page
        assert "fragment=" not in page

    def test_of_results_need_nothing_else(self, boss: Client) -> None:
        make_video("Here")

        page = browse(boss, q="here", fragment="results")

        assert titles(page) == ["Here"]
        assert "browse-head" not in page


class TestCosts:
    @pytest.mark.parametrize("query", ["", "walk duration<10m tag:dog -is:favorite"])
    def test_sixty_videos_cost_the_queries_of_five(self, boss: Client, query: str) -> None:
        tag, studio, performer = make_tag("Dog"), make_studio(), make_performer()

        def make(count: int) -> None:
            for number in range(count):
                make_video(f"Walk {number}", tags=[tag], studio=studio, performers=[performer])

        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                browse(boss, q=query)
            return len(caught)

        make(5)
        cost()
        few = cost()
        make(55)
        for number in range(12):
            SavedView.objects.create(
                owner_id=boss.session["_auth_user_id"], name=f"View {number}", in_sidebar=True
            )

        assert cost() == few


class TestCards:
    def test_show_the_cover_or_why_there_is_none(self, boss: Client) -> None:
        cover = make_artifact(make_video("With cover"))
        make_video("Sound", width=None, height=None, video_codec="")
        make_video(
            "Broken", file=make_file(probe_state=ProbeState.FAILED, probe_error="moov_missing")
        )
        make_video("New")
        make_artifact(
            make_video("Black"), state=ArtifactState.FAILED, error="undecodable", files={}
        )

        page = browse(boss)

        assert f"/api/v1/artifacts/{cover.pk}/file/?size=card" in page
        assert "audio" in page
        assert "broken: moov missing" in page
        assert "cover is being made" in page
        assert "no cover: undecodable" in page

    def test_hostile_names_stay_text(self, boss: Client) -> None:
        make_video(HOSTILE, studio=make_studio(HOSTILE), tags=[make_tag(HOSTILE)])
        SavedView.objects.create(
            owner_id=boss.session["_auth_user_id"], name=HOSTILE, query=f'"{HOSTILE[:8]}"',
            in_sidebar=True, on_dashboard=True,
        )  # fmt: skip

        for parameters in (
            {"q": "<script>alert"}, {"q": "(<script>alert(1)</script>"}, {"view": "<script>alert"},
            {"ordering": "<script>alert"}, {"<script>alert": "1"}, {"q": f"tag:{HOSTILE}"},
        ):  # fmt: skip
            page = browse(boss, **parameters)
            assert "<script>alert" not in page, parameters
        assert "<script>alert" not in boss.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("name", ["library_video_browse", "library_video_browse_filter"])
def test_viewers_may_browse_and_nobody_below(as_role: object, name: str) -> None:
    viewer, stranger = as_role(Role.VIEWER), Client()  # type: ignore[operator]
    stranger.force_login(make_user())

    assert viewer.get(reverse(f"admin:{name}")).status_code in (200, 302)
    assert stranger.get(reverse(f"admin:{name}")).status_code == 403

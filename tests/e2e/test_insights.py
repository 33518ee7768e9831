"""Playlists, statistics and the performers' network in a real browser."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Page, expect

from apps.library.search import Asker, Question
from tests.e2e.accessibility import violations
from tests.factories import make_performer, make_playlist, make_tag, make_video
from tests.playlists.making import ids_of

Open = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = [{"dark": True}, {"width": 390}, {"width": 1920, "dark": True}]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


def boss() -> User:
    return User.objects.get(username="boss")


def order_of(page: Page) -> list[int]:
    rows = page.locator("[data-playlist] [data-video]")
    return [int(str(row.get_attribute("data-video"))) for row in rows.all()]


class TestPlaylists:
    @pytest.fixture
    def page(self, open_page: Open) -> Page:
        videos = [make_video(f"Film {number}") for number in range(5)]
        self.playlist = make_playlist(videos, owner=boss(), name="Evening")
        return open_page(f"/admin/library/video/playlists/{self.playlist.pk}/")

    def settled(self, page: Page, text: str) -> None:
        expect(page.locator("[data-said]")).to_contain_text(text)

    def test_rows_are_dragged(self, page: Page) -> None:
        first, *rest = ids_of(self.playlist)
        handle = page.locator("[data-handle]").nth(0).bounding_box()
        target = page.locator("[data-video]").nth(2).bounding_box()
        assert handle
        assert target

        page.mouse.move(handle["x"] + 5, handle["y"] + 10)
        page.mouse.down()
        page.mouse.move(handle["x"] + 5, target["y"] + target["height"] * 0.7, steps=8)
        page.mouse.up()
        self.settled(page, "Film 0 is number 3 now.")

        expected = [*rest[:2], first, *rest[2:]]
        assert order_of(page) == ids_of(self.playlist) == expected

    def test_the_keyboard_does_the_same(self, page: Page) -> None:
        ids = ids_of(self.playlist)
        last = page.locator("[data-video]").last

        last.locator("[data-move=up]").press("Enter")
        self.settled(page, "Film 4 is number 4 now.")
        page.keyboard.press("Enter")  # the button keeps the focus
        self.settled(page, "Film 4 is number 3 now.")
        page.locator("[data-video]").nth(2).locator("[data-move=top]").press("Enter")
        self.settled(page, "Film 4 is number 1 now.")

        assert order_of(page) == ids_of(self.playlist) == [ids[4], *ids[:4]]

    def test_what_is_taken_out_can_be_put_back(self, page: Page) -> None:
        ids = ids_of(self.playlist)

        page.locator("[data-move=out]").nth(1).click()
        self.settled(page, "Film 1 was taken out.")
        gone = ids_of(self.playlist)
        page.get_by_role("button", name="Put it back").click()
        self.settled(page, "Film 1 is back.")

        assert gone == [ids[0], *ids[2:]]
        assert order_of(page) == ids_of(self.playlist) == ids

    def test_escape_ends_a_drag(self, page: Page) -> None:
        ids = ids_of(self.playlist)
        handle = page.locator("[data-handle]").nth(0).bounding_box()
        assert handle

        page.mouse.move(handle["x"] + 5, handle["y"] + 10)
        page.mouse.down()
        page.mouse.move(handle["x"] + 5, handle["y"] + 250, steps=5)
        page.keyboard.press("Escape")
        page.mouse.up()

        assert order_of(page) == ids_of(self.playlist) == ids

    def test_a_smart_one_is_made_and_says_what_is_wrong(self, open_page: Open) -> None:
        make_video("Seaside", rating=90)
        page = open_page("/admin/library/video/playlists/")
        page.get_by_text("New smart playlist").click()
        form = page.locator("details[open] form")
        form.locator("[name=name]").fill("<b>Best</b>")
        form.locator("[name=query]").fill("ratng>50")
        form.get_by_role("button", name="Make it").click()
        expect(page.get_by_role("alert")).to_contain_text("Did you mean rating")
        page.locator("details[open] [name=query]").fill("rating>50")
        page.locator("details[open]").get_by_role("button", name="Make it").click()

        expect(page.locator(".mh-list-rows")).to_contain_text("Seaside")
        expect(page.locator(".mh-command")).to_contain_text("rating>50")


def make_shelf() -> None:
    """Videos of several kinds."""
    tag = make_tag("sea <b>")
    for number in range(12):
        make_video(
            video_codec=["h264", "hevc", "av1"][number % 3], rating=None if number % 4 else 80,
            tags=[tag] if number % 2 else [], width=[1920, 3840][number % 2],
            height=[1080, 2160][number % 2],
        )  # fmt: skip


class TestStatistics:
    def test_each_number_leads_to_its_videos(self, open_page: Open) -> None:
        make_shelf()
        page = open_page("/admin/library/video/statistics/")
        page.eval_on_selector_all("details", "(all) => all.forEach((one) => (one.open = true))")

        rows = page.locator(".mh-insight tbody tr").all()

        assert len(rows) > 20
        asker = Asker.of(boss())
        for row in rows:
            address = str(row.locator("th a").get_attribute("href"))
            query = parse_qs(urlsplit(address).query)["q"][0]
            said = int(row.locator("td").first.inner_text().replace(",", ""))
            assert Question.read(query, asker=asker).videos().count() == said, query

    def test_a_bar_leads_to_its_videos(self, open_page: Open) -> None:
        make_shelf()
        page = open_page("/admin/library/video/statistics/?q=rating%3E50")
        box = page.locator("[data-chart=resolution] canvas").bounding_box()
        assert box

        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_url("**/browse/**")

        query = parse_qs(urlsplit(page.url).query)["q"][0]
        assert query in ('rating>50 resolution:"1080p"', "rating>50 resolution:1080p")

    def test_other_measures_are_drawn(self, open_page: Open) -> None:
        make_shelf()
        page = open_page("/admin/library/video/statistics/")
        canvas = page.locator("[data-chart=codec] canvas")
        before = canvas.evaluate("canvas => canvas.toDataURL()")

        page.get_by_role("button", name="Size", exact=True).click()
        page.wait_for_timeout(600)

        assert canvas.evaluate("canvas => canvas.toDataURL()") != before
        expect(page.get_by_role("button", name="Size", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )


def make_cast() -> dict[str, Any]:
    """Two groups, a bridge between them, and somebody who is always alone."""
    names = ["Ada", "Bea", "Cyd", "Dot", "Eve", "Fay", '<i>"G\\ay"', "Solo"]
    people = {name: make_performer(name) for name in names}
    pairs = [("Ada", "Bea"), ("Ada", "Cyd"), ("Bea", "Cyd"), ("Dot", "Eve"), ("Dot", "Fay"),
             ("Eve", "Fay"), ("Cyd", "Dot"), ("Ada", names[6])]  # fmt: skip
    for number, pair in enumerate(pairs):
        for _ in range(1 if number > 5 else 3):
            make_video(performers=[people[name] for name in pair])
    make_video(performers=[people["Solo"]])
    return people


class TestNetwork:
    @pytest.fixture
    def page(self, open_page: Open) -> Page:
        self.people = make_cast()
        page = open_page("/admin/library/performer/graph/")
        expect(page.locator("[data-status]")).to_contain_text("7 performers, 8 pairs.")
        return page

    def test_draws_and_tells_the_same_in_a_table(self, page: Page) -> None:
        page.wait_for_selector("[data-laid-out]", timeout=20_000)

        assert page.locator("[data-table] tbody tr").count() == 8
        assert "1 appear with none" in page.locator("[data-status]").inner_text()
        drawn = page.evaluate("mediahubGraph.graph.order")
        assert drawn == 7

    def test_places_are_the_same_each_time(self, page: Page) -> None:
        places = []
        for _ in range(2):
            page.wait_for_selector("[data-laid-out]", timeout=20_000)
            places.append(
                page.evaluate("mediahubGraph.graph.mapNodes((id, data) => [id, data.x, data.y])")
            )
            page.reload()

        assert places[0] == places[1]
        assert len({tuple(place[1:]) for place in places[0]}) == 7

    def test_finds_a_performer_and_who_is_beside(self, page: Page) -> None:
        page.locator("[data-find]").fill("cyd")
        page.locator("[data-find]").press("Enter")

        chosen = page.locator("[data-chosen]")
        expect(chosen.locator("h2")).to_have_text("Cyd")
        beside = [row.inner_text().split("\n")[0] for row in chosen.locator("li").all()]
        assert beside == ["Ada", "Bea", "Dot"]
        chosen.locator("li a").first.click()
        page.wait_for_url("**/browse/**")
        query = parse_qs(urlsplit(page.url).query)["q"][0]
        assert Question.read(query, asker=Asker.of(boss())).videos().count() == 3

    def test_finds_the_way_between_two(self, page: Page) -> None:
        page.locator("[name=from]").fill("Bea")
        page.locator("[name=to]").fill("fay")
        page.get_by_role("button", name="Find the way").click()

        steps = page.locator(".mh-graph-steps li button")
        expect(steps).to_have_text(["Bea", "Cyd", "Dot", "Fay"])

    def test_hostile_names_ask_for_their_own_videos(self, page: Page) -> None:
        page.locator("[data-filter]").fill("<i>")

        row = page.locator("[data-table] tbody tr")
        expect(row).to_have_count(1)
        query = parse_qs(urlsplit(str(row.locator("a").get_attribute("href"))).query)["q"][0]
        assert Question.read(query, asker=Asker.of(boss())).videos().count() == 1

    def test_is_saved_as_graphml_and_png(self, page: Page, tmp_path: Path) -> None:
        page.wait_for_selector("[data-laid-out]", timeout=20_000)
        with page.expect_download() as saved:
            page.get_by_role("button", name="GraphML").click()
        saved.value.save_as(tmp_path / "graph.xml")
        with page.expect_download() as picture:
            page.get_by_role("button", name="PNG").click()
        picture.value.save_as(tmp_path / "graph.png")

        space = "{http://graphml.graphdrawing.org/xmlns}"
        tree = ET.parse(tmp_path / "graph.xml")
        labels = [one.text for one in tree.iter(f"{space}data") if one.get("key") == "label"]
        assert '<i>"G\\ay"' in labels
        assert len(list(tree.iter(f"{space}edge"))) == 8
        assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("look", LOOKS, ids=json.dumps)
def test_no_page_keeps_anybody_out(open_page: Open, look: dict[str, Any]) -> None:
    make_shelf()
    make_cast()
    playlist = make_playlist([make_video("Film")], owner=boss())
    page = open_page("/admin/library/video/playlists/", **look)

    found = {"playlists": violations(page, "#main")}
    for name, path in (
        ("playlist", f"video/playlists/{playlist.pk}/"), ("statistics", "video/statistics/"),
        ("network", "performer/graph/"), ("history", "video/history/"),
    ):  # fmt: skip
        page.goto(f"/admin/library/{path}")
        if name == "network":
            page.wait_for_selector("[data-laid-out], [data-none]", timeout=20_000)
        found[name] = violations(page, "#main")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name

    assert {name: said for name, said in found.items() if said} == {}

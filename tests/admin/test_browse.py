"""The grid of covers."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.artifacts.choices import ArtifactState
from apps.library.choices import Orientation, ProbeState
from tests.factories import (
    NOON,
    make_artifact,
    make_file,
    make_library,
    make_performer,
    make_studio,
    make_tag,
    make_video,
)

HOSTILE = "<script>alert(1)</script> \"'> onerror=alert(2)"


def browse(client: Client, **parameters: object) -> str:
    response = client.get(reverse("admin:library_video_browse"), parameters)
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r'mh-card-title" title="([^"]*)"', page)


class TestFilters:
    def test_each_narrows_the_grid(self, boss: Client) -> None:
        tag, performer, studio = make_tag(), make_performer(), make_studio()
        library = make_library()
        wanted = make_video(
            "Wanted one", library=library, tags=[tag], performers=[performer], studio=studio,
            favorite=True, video_codec="av1", orientation=Orientation.PORTRAIT, missing_since=NOON,
        )  # fmt: skip
        make_video("Other", video_codec="h264")

        for name, value in {
            "q": "wanted", "library": library.pk, "tag": tag.pk, "performer": performer.pk,
            "studio": studio.pk, "favorite": "on", "codec": "av1", "orientation": "portrait",
            "presence": "missing",
        }.items():  # fmt: skip
            page = browse(boss, **{name: value})
            assert titles(page) == [wanted.title], name
            assert "mh-chip" in page, name

    def test_a_tag_includes_its_children(self, boss: Client) -> None:
        parent = make_tag("Animals")
        make_video("Cat", tags=[make_tag("Cats", parents=[parent])])

        assert titles(browse(boss, tag=parent.pk)) == ["Cat"]

    def test_what_cannot_be_used_is_told_and_left_out(self, boss: Client) -> None:
        make_video("Here")

        for query in (
            {"sort": "<b>"}, {"library": "x"}, {"library": 10**30}, {"tag": "x"}, {"codec": "nope"},
            {"orientation": "up"}, {"zoom": "xxl"}, {"page": "x"}, {"page": ""}, {"colour": "red"},
            {"q": "\0"}, {"q": "x" * 999},
        ):  # fmt: skip
            page = browse(boss, **query)
            assert titles(page) == ["Here"], query

        assert "There is no filter named colour" in browse(boss, colour="red")

    def test_says_what_to_do_when_nothing_matches(self, boss: Client) -> None:
        make_video("Here")

        page = browse(boss, q="zebra")

        assert "Nothing matches" in page
        assert "Reset all" in page


class TestPages:
    @pytest.mark.parametrize(
        "sort", ["added", "oldest", "title", "title_down", "longest", "shortest", "rating"]
    )
    def test_show_every_video_once_there_and_back(
        self, boss: Client, sort: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.library.pages.browse.PAGE_SIZE", 4)
        for number in range(10):
            make_video(
                f"Video {number:02}", rating=number if number % 3 else None,
                duration_ms=1_000 * number if number % 4 else None,
                added_at=NOON + timedelta(minutes=number // 2),
            )  # fmt: skip
        address = reverse("admin:library_video_browse")

        def follow(first: str, link: str) -> list[list[str]]:
            pages, query = [], first
            while query:
                page = boss.get(address + query.replace("&amp;", "&")).content.decode()
                pages.append(titles(page))
                found = re.search(rf'<a href="([^"]*)"[^>]*rel="{link}"', page)
                query = found[1] if found else ""
                last = page
            self.last = last
            return pages

        there = follow(f"?sort={sort}", "next")
        before = re.search(r'<a href="([^"]*)"[^>]*rel="prev"', self.last)
        assert before
        back = follow(before[1], "prev")

        assert sorted(title for page in there for title in page) == [
            f"Video {number:02}" for number in range(10)
        ]
        assert list(reversed(back)) == there[:-1]


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

    def test_show_what_the_video_is(self, boss: Client) -> None:
        make_video("Film", width=3840, height=1608, video_codec="hevc", duration_ms=3_723_000)

        page = browse(boss)

        assert ">4K<" in page
        assert ">HEVC<" in page
        assert "1:02:03" in page

    def test_hostile_names_stay_text(self, boss: Client) -> None:
        make_video(HOSTILE, studio=make_studio(HOSTILE), tags=[make_tag(HOSTILE)])

        page = browse(boss, q="<script>alert")

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

"""Where a server has our files."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.mediaservers.mapping import MapRefused, PathMap, Rule, cleaned, is_same, is_within, parent

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0"), min_size=1, max_size=8)


def of(*rules: tuple[str, str]) -> PathMap:
    return PathMap([Rule(*rule) for rule in rules])


class TestForward:
    def test_the_longest_rule_counts_by_whole_names(self) -> None:
        path_map = of(("/srv", "/all"), ("/srv/films", "/media/films"), ("/srv/filmsets", "/sets"))

        there = [
            path_map.forward(path).there
            for path in (b"/srv/films/a.mkv", b"/srv/filmstrips/a.mkv", b"/srv/filmsets", b"/srv")
        ]
        assert there == ["/media/films/a.mkv", "/all/filmstrips/a.mkv", "/sets", "/all"]

    def test_without_rules_paths_are_the_same(self) -> None:
        assert PathMap().forward(b"/srv/a b.mkv").there == "/srv/a b.mkv"
        assert PathMap().back("/srv/a b.mkv") == b"/srv/a b.mkv"

    def test_what_no_rule_is_for(self) -> None:
        assert of(("/srv/films", "/f")).forward(b"/srv/series/a.mkv").reason == "unmapped"

    def test_the_root_on_either_side(self) -> None:
        assert of(("/", "/host")).forward(b"/a/b.mkv").there == "/host/a/b.mkv"
        assert of(("/host", "/")).forward(b"/host/a/b.mkv").there == "/a/b.mkv"
        assert of(("/host", "/")).forward(b"/host").there == "/"
        assert of(("/host", "/")).back("/a/b.mkv") == b"/host/a/b.mkv"

    @pytest.mark.parametrize(
        ("folder", "there"),
        [
            ("D:\\Films", "D:\\Films\\b\\c d.mkv"), ("D:\\", "D:\\b\\c d.mkv"),
            ("\\\\nas\\films", "\\\\nas\\films\\b\\c d.mkv"),
        ],
    )  # fmt: skip
    def test_windows(self, folder: str, there: str) -> None:
        path_map = of(("/srv/films", folder))

        assert path_map.forward(b"/srv/films/b/c d.mkv").there == there
        assert path_map.back(there.upper()) == b"/srv/films/B/C D.MKV"
        assert path_map.forward(b"/srv/films/back\\slash.mkv").reason == "unnameable"

    def test_of_a_name_that_is_no_text_the_folder_is_told(self) -> None:
        mapped = of(("/srv/films", "/f")).forward(b"/srv/films/ok/\xff\xfe.mkv")
        assert (mapped.there, mapped.whole, mapped.reason) == ("/f/ok", False, "")
        assert of(("/srv/films", "/f")).forward(b"/srv/films/\xff/a.mkv").there == "/f"

    def test_what_another_rule_hides_there_is_not_told(self) -> None:
        """/mnt/a is /media, and /mnt/b lies over /media/b."""
        path_map = of(("/mnt/a", "/media"), ("/mnt/b", "/media/b"))

        assert path_map.forward(b"/mnt/b/f.mkv").there == "/media/b/f.mkv"
        assert not path_map.forward(b"/mnt/b/f.mkv").reason
        assert path_map.forward(b"/mnt/a/b/f.mkv").reason == "shadowed"
        assert path_map.back("/media/b/f.mkv") == b"/mnt/b/f.mkv"

    @given(
        st.lists(st.tuples(NAMES, NAMES), max_size=5), st.lists(NAMES, max_size=4), st.booleans()
    )
    def test_what_is_told_leads_back(
        self,
        rules: list[tuple[str, str]],
        names: list[str],
        windows: bool,
    ) -> None:
        lead = "C:\\" if windows else "/"
        path_map = of(*[(f"/{here}", f"{lead}{there}") for here, there in rules])
        for start in [here for here, _ in rules] or ["x"]:
            path = "/".join(["", start, *names]).encode()
            mapped = path_map.forward(path)
            if not mapped.reason:
                assert path_map.back(mapped.there) == path


class TestCleaned:
    def test_it_is_tidied(self) -> None:
        assert cleaned(
            [
                {"here": " /srv//films/ ", "there": "/media/films/"},
                {"here": "/", "there": "C:/Films/"}, {"here": "/x", "there": "e:"  + "\\"},
            ]
        ) == [
            {"here": "/srv/films", "there": "/media/films"}, {"here": "/", "there": "C:\\Films"},
            {"here": "/x", "there": "e:\\"},
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "value",
        [
            None, {}, "x", [5], [{}], [{"here": "/a"}], [{"here": "/a", "there": "b"}],
            [{"here": "a", "there": "/b"}], [{"here": "C:\\a", "there": "/b"}],
            [{"here": "/a", "there": ""}], [{"here": "/a/../b", "there": "/b"}],
            [{"here": "/a", "there": "/b\n"  "/c"}], [{"here": "/a", "there": "/b", "x": 1}],
            [{"here": "/a", "there": "/\ud800"}], [{"here": "/" + "a" * 1_000, "there": "/b"}],
            [{"here": "/a", "there": 5}], [{"here": f"/{n}", "there": f"/{n}"} for n in range(101)],
        ],
    )  # fmt: skip
    def test_what_is_no_map(self, value: Any) -> None:
        with pytest.raises(MapRefused):
            cleaned(value)

    def test_one_folder_is_one_folder_in_both_directions(self) -> None:
        with pytest.raises(MapRefused, match=r"Rules 1 and 3 .* /a here"):
            cleaned(
                [{"here": h, "there": t} for h, t in [("/a", "/1"), ("/b", "/2"), ("/a", "/3")]]
            )
        with pytest.raises(MapRefused, match="at the server"):
            cleaned([{"here": h, "there": t} for h, t in [("/a", "C:\\F"), ("/b", "c:\\f")]])


def test_paths_of_servers() -> None:
    assert is_within("D:\\films\\a.mkv", "d:\\Films")
    assert is_within("/f", "/f/")
    assert not is_within("/films2/a", "/films")
    assert is_same("C:\\A", "c:/a")
    assert not is_same("/A", "/a")
    parents = [parent(path) for path in ("/a/b.mkv", "/b.mkv", "D:\\a\\b.mkv", "D:\\b.mkv")]
    assert parents == ["/a", "/", "D:\\a", "D:\\"]

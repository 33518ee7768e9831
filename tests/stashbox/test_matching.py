"""How well scenes fit videos: what a score is made of, and what is never applied unasked."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apps.stashbox.choices import MatchState
from apps.stashbox.matching import Judgement, LocalPrint, Thresholds, VideoFacts, decide, judge
from apps.stashbox.matching.prints import distance_of
from apps.stashbox.schema import (
    RemoteAppearance,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    RemoteStudio,
)

PICTURE = 0x9A5A_C3C3_1F0E_7788
FILE = "00c0ffee00c0ffee"
APPLIED, REVIEW, PASSED = MatchState.APPLIED, MatchState.REVIEW, MatchState.PASSED


def hexed(bits: int) -> str:
    return f"{bits:016x}"


def differing(bits: int) -> str:
    """The picture's hash with so many bits turned round."""
    return hexed(PICTURE ^ ((1 << bits) - 1))


def facts(*, ms: int | None = 600_400, text: str = "", prints: str = "FP") -> VideoFacts:
    """A video of ten minutes with a file's hash (F), a picture's (P), or both."""
    known = {"F": LocalPrint("OSHASH", FILE, ms), "P": LocalPrint("PHASH", hexed(PICTURE), ms)}
    return VideoFacts(tuple(known[each] for each in prints), ms, text)


def scene(*prints: RemotePrint, **values: Any) -> RemoteScene:
    return RemoteScene(**{"id": "a", "duration_s": 600, **values}, fingerprints=prints)


def remote(algorithm: str = "OSHASH", digest: str = FILE, **values: Any) -> RemotePrint:
    return RemotePrint(algorithm, digest, **{"duration_s": 600, "submissions": 1, **values})


def picture(bits: int = 0, **values: Any) -> RemotePrint:
    return remote("PHASH", differing(bits), **{"submissions": 5, **values})


def state(found: VideoFacts, *scenes: RemoteScene) -> list[MatchState | None]:
    return decide([judge(found, each) for each in scenes], Thresholds())


class TestApplied:
    @pytest.mark.parametrize("one", [remote(), *(picture(bits) for bits in range(5))], ids=str)
    def test_what_is_the_same_file_or_picture_and_as_long(self, one: RemotePrint) -> None:
        assert state(facts(), scene(one)) == [APPLIED]

    def test_a_re_encode_as_long_to_a_hundredth(self) -> None:
        assert state(facts(ms=606_000, prints="P"), scene(picture(2))) == [APPLIED]
        assert state(facts(ms=606_100, prints="P"), scene(picture(2))) == [REVIEW]

    def test_a_picture_given_once_when_words_say_so_too(self) -> None:
        given_once = scene(picture(submissions=1), title="The Long Way")

        assert state(facts(prints="P"), given_once) == [REVIEW]
        assert state(facts(prints="P", text="the.long_way"), given_once) == [APPLIED]

    def test_whatever_lacks_a_duration_of_its_own_has_the_scenes(self) -> None:
        assert state(facts(), scene(remote(duration_s=0))) == [APPLIED]


class TestReviewed:
    @pytest.mark.parametrize(
        ("found", "one"),
        [
            (facts(), remote(duration_s=602)),  # another file, or another count of seconds
            (facts(), remote(duration_s=700)),
            (facts(prints="P"), picture(5)),
            (facts(prints="P"), picture(10)),
            (facts(prints="P"), picture(0, duration_s=570)),  # trimmed
            (facts(), remote(submissions=2, reports=2)),
            (facts(ms=59_900, prints="P"), picture(0, duration_s=60)),
            (facts(ms=None), remote()),
        ],
        ids=str,
    )
    def test_what_may_be_something_else(self, found: VideoFacts, one: RemotePrint) -> None:
        assert state(found, scene(one)) == [REVIEW]

    def test_a_file_without_any_duration(self) -> None:
        assert state(facts(), scene(remote(duration_s=0), duration_s=None)) == [REVIEW]

    def test_two_versions_of_a_scene(self) -> None:
        both = scene(picture(0)), scene(picture(2), id="b")

        assert state(facts(prints="P"), *both) == [REVIEW, REVIEW]

    def test_two_versions_of_a_clip_of_which_one_is_the_same_file(self) -> None:
        short = facts(ms=30_000)
        both = (
            scene(remote(duration_s=30), picture(0, duration_s=30)),
            scene(picture(0, duration_s=30), id="b"),
        )

        assert state(short, *both) == [REVIEW, REVIEW]

    def test_words_alone_whatever_they_say(self) -> None:
        text = "Big Studio 2020-05-17 The Long Way Ann Example, Bob Other"
        told = scene(
            title="The Long Way", date="2020-05-17", studio=RemoteStudio("s", "Big Studio"),
            performers=(cast("Ann Example"), cast("Bob Other")),
        )  # fmt: skip
        judged = judge(facts(text=text), told)

        assert decide([judged], Thresholds(apply_from=0)) == [REVIEW]
        assert (judged.score, judged.uncapped) == (85, 100)

    def test_a_refuted_file_beside_a_good_picture(self) -> None:
        refuted = remote(submissions=1, reports=3)

        assert state(facts(), scene(refuted, picture())) == [REVIEW]

    def test_doubts_outweigh_a_low_threshold(self) -> None:
        judged = judge(facts(), scene(remote(duration_s=700)))

        assert decide([judged], Thresholds(apply_from=10, review_from=0, lead=0)) == [REVIEW]


class TestPassedOver:
    def test_black_pictures_say_nothing(self) -> None:
        black = VideoFacts((LocalPrint("PHASH", "0" * 16, 600_000),), 600_000)

        judged = judge(black, scene(remote("PHASH", "0" * 16)))

        assert judged.evidence["prints"] == []
        assert decide([judged], Thresholds()) == [None]

    def test_another_video_of_the_studio_as_long(self) -> None:
        other = scene(
            remote(digest="0" * 15 + "1"), remote("PHASH", hexed(~PICTURE & (2**64 - 1))),
            studio=RemoteStudio("s", "Big Studio"),
        )  # fmt: skip

        assert state(facts(text="big.studio/film.mp4"), other) == [None]

    def test_one_that_trails_by_far(self) -> None:
        assert state(facts(), scene(picture(8), id="b"), scene(remote())) == [PASSED, APPLIED]

    def test_hashes_that_are_none(self) -> None:
        odd = VideoFacts((LocalPrint("PHASH", "zz", 1), LocalPrint("OSHASH", "", 1)), 600_000)

        assert state(odd, scene(remote("PHASH", "zz"), remote(digest=""))) == [None]


def cast(name: str, **values: Any) -> RemoteAppearance:
    alias = values.pop("alias", "")
    return RemoteAppearance(RemotePerformer(name, name, **values), alias)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "values", "found"),
        [
            ("BigStudio.20.05.17.clip", {"studio": RemoteStudio("s", "Big Studio")}, "studio"),
            ("a/BS/clip", {"studio": RemoteStudio("s", "Big", aliases=("bs",))}, "studio"),
            ("x 2020.05.17 y", {"date": "2020-05-17"}, "date"),
            ("x_20-05-17_y", {"date": "2020-05-17"}, "date"),
            ("x 120 05 17 y", {"date": "2020-05-17"}, ""),
            ("x 2020", {"date": "2020"}, ""),
            ("Ann Example", {"performers": (cast("Änn Example"),)}, "performer"),
            ("annabel", {"performers": (cast("Ann"),)}, ""),
            ("Zoe", {"performers": (cast("Ann", alias="Zoë"),)}, "performer"),
            ("long way to my home", {"title": "My Long Way Home"}, "title"),
            ("long", {"title": "My Long Way Home"}, ""),
            ("e", {"title": "E"}, ""),
            ("anything", {"title": ""}, ""),
        ],
    )
    def test_are_found_as_people_write_them(
        self, text: str, values: dict[str, Any], found: str
    ) -> None:
        words = judge(facts(text=text), scene(**values)).evidence["words"]

        assert [word["what"] for word in words] == ([found] if found else [])

    def test_evidence_says_all(self) -> None:
        judged = judge(
            facts(text="The Long Way"), scene(remote(submissions=2), picture(1), title="Long Way")
        )

        first, second = judged.evidence["prints"]
        assert (first["algorithm"], first["distance"], first["submissions"]) == ("OSHASH", 0, 2)
        assert (second["local"], second["remote"]) == (hexed(PICTURE), differing(1))
        assert second["duration_difference_s"] == 0.4
        assert judged.evidence["duration"] == {
            "local_s": 600.4, "remote_s": 600, "difference_s": 0.4, "agree": 2, "of": 2,
        }  # fmt: skip
        assert judged.evidence["words"] == [{"what": "title", "text": "Long Way"}]
        assert sum(reason["points"] for reason in judged.evidence["reasons"]) == judged.score


# of few values, so that pairs come about
_seconds = some.sampled_from([0, 30, 59, 60, 598, 600, 605, 700, 10_000])
_prints = some.builds(
    RemotePrint,
    some.sampled_from(["MD5", "OSHASH", "PHASH"]),
    some.sampled_from([FILE, "0" * 16, "", "x", *(differing(bits) for bits in (0, 3, 6, 11))]),
    _seconds,
    some.integers(0, 5),
    some.integers(0, 5),
)
_locals = some.builds(
    LocalPrint,
    some.sampled_from(["MD5", "OSHASH", "PHASH"]),
    some.sampled_from([FILE, "0" * 16, "", hexed(PICTURE), differing(5)]),
    some.one_of(some.none(), _seconds.map(lambda seconds: 1_000 * seconds)),
)
_facts = some.builds(
    VideoFacts,
    some.lists(_locals, max_size=4).map(tuple),
    some.one_of(some.none(), some.integers(0, 700_000)),
    some.sampled_from(["", "Big Studio", "Long Way Home 2020-05-17", "Ann Example"]),
)
_scenes = some.builds(
    RemoteScene,
    id=some.sampled_from("abc"),
    title=some.sampled_from(["", "Long Way Home"]),
    date=some.sampled_from(["", "2020", "2020-05-17"]),
    duration_s=some.one_of(some.none(), _seconds),
    fingerprints=some.lists(_prints, max_size=5).map(tuple),
)
_judgements = some.builds(
    Judgement,
    some.text(max_size=2),
    some.integers(0, 100),
    doubts=some.sampled_from([(), ("so",)]),
    uncapped=some.integers(0, 120),
)


@given(_facts, _scenes)
def test_a_score_is_bounded_and_adds_up(found: VideoFacts, one: RemoteScene) -> None:
    judged = judge(found, one)

    assert 0 <= judged.score <= 100
    assert sum(reason["points"] for reason in judged.evidence["reasons"]) == judged.score
    assert judged == judge(found, one)


@given(_facts, _scenes, some.randoms(use_true_random=False))
def test_no_order_counts(found: VideoFacts, one: RemoteScene, chance: Any) -> None:
    local, theirs = list(found.prints), list(one.fingerprints)
    chance.shuffle(local)
    chance.shuffle(theirs)

    judged = judge(replace(found, prints=tuple(local)), replace(one, fingerprints=tuple(theirs)))

    assert judged == judge(found, one)


@given(_facts, _scenes, some.integers(0, 20))
def test_what_is_farther_away_never_scores_higher(
    found: VideoFacts, one: RemoteScene, bits: int
) -> None:
    """A picture's hash, beside whatever else there is."""
    files = [each for each in found.prints if each.algorithm != "PHASH"]
    found = replace(found, prints=(*files, LocalPrint("PHASH", hexed(PICTURE), found.duration_ms)))
    others = [each for each in one.fingerprints if each.algorithm != "PHASH"]
    near, far = (
        judge(found, replace(one, fingerprints=(*others, picture(distance))))
        for distance in (bits, bits + 1)
    )

    assert far.score <= near.score
    assert far.uncapped <= near.uncapped


@given(some.integers(0, 2**64 - 1), some.integers(0, 2**64 - 1))
def test_a_distance_is_the_same_from_both_sides(one: int, other: int) -> None:
    there = distance_of(hexed(one), hexed(other))

    assert there == distance_of(hexed(other), hexed(one))
    assert there is None if not (one and other) else there == (one ^ other).bit_count()


@given(some.lists(_judgements, max_size=4), some.builds(
    Thresholds, some.integers(0, 100), some.integers(0, 100), some.integers(0, 100)
))  # fmt: skip
def test_one_at_most_is_applied_whatever_the_order(
    judgements: list[Judgement], thresholds: Thresholds
) -> None:
    states = decide(judgements, thresholds)

    assert states.count(APPLIED) <= 1
    for judgement, became in zip(judgements, states, strict=True):
        if became == APPLIED:
            assert judgement.score >= thresholds.apply_from
            assert not judgement.doubts
    for order in permutations(range(len(judgements))):
        again = decide([judgements[place] for place in order], thresholds)
        assert again == [states[place] for place in order]

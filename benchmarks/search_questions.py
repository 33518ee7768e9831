"""Forty queries of all kinds over the catalogue of ``invention``, each with its statement by hand.

In a statement ``{tag:1}`` stands for the ids of a tag and all below it, ``{word:ban}`` for a word
in the text or in the name of a label: what a person would look up beforehand.
"""

from dataclasses import dataclass

from benchmarks.invention import WORDS, word

VERY_COMMON, COMMON, RARE = word(1), word(100), word(WORDS - 5)
MARK, MOOD, STARS = "benchmark", "bench_mood", "bench_stars"
_STASH = "Stash, 500,000 scenes: "


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, in which order, the same by hand, and what the peer needs for its like."""

    what: str
    text: str
    by_hand: str
    ordering: str = "-added_at"
    peer: str = ""


ORDERS = {
    "-added_at": "added_at DESC, id DESC",
    "-size": "size_bytes DESC, id DESC",
    "-rating": "rating DESC NULLS LAST, id DESC",
    "title": "title, id",
    "duration": "duration_ms NULLS FIRST, id",
    "-date": "date DESC NULLS LAST, id DESC",
    "-rating,duration": "rating DESC NULLS LAST, duration_ms NULLS FIRST, id",
}


def _tag(number: int) -> str:
    return f'"Tag {word(number)} {number}"'


def _person(number: int) -> str:
    return f'"Person {word(number)} {number}"'


_PLAYED = "EXISTS (SELECT FROM library_viewing w WHERE w.video_id = v.id AND w.user_id = {user}"
_MARKED = "EXISTS (SELECT FROM library_marker m WHERE m.video_id = v.id"
_SEARCH = f"{_STASH}3,349 ms for the ids, 3,246 ms for the count"
_LIST = f"{_STASH}264 ms for 40 by date, 1,695 ms for the count"

QUERIES = [
    Query("everything, newest first", "", "true", peer=_LIST),
    Query("everything, by title", "", "true", "title", f"{_STASH}2,058 ms"),
    Query("everything, shortest first", "", "true", "duration", f"{_STASH}684 ms"),
    Query("everything, by rating and length", "", "true", "-rating,duration"),
    Query("a very common word", VERY_COMMON, f"{{word:{VERY_COMMON}}}", peer=_SEARCH),
    Query("a common word", COMMON, f"{{word:{COMMON}}}", peer=_SEARCH),
    Query("a rare word", RARE, f"{{word:{RARE}}}", peer=_SEARCH),
    Query("a word that isn't there", "xylophonist", "{word:xylophonist}", peer=_SEARCH),
    Query("two words", f"{COMMON} {VERY_COMMON}", f"{{word:{COMMON}}} AND {{word:{VERY_COMMON}}}"),
    Query("two letters", "ba", "{start:ba}"),
    Query("a phrase", f'"{word(3)} {word(5)}"', f"{{word:{word(3)} {word(5)}}}"),
    Query("a word or another", f"{COMMON} OR {RARE}", f"({{word:{COMMON}}} OR {{word:{RARE}}})"),
    Query("not a word", f"-{VERY_COMMON}", f"{{word:{VERY_COMMON}}} IS NOT TRUE"),
    Query("a common tag", f"tag:{_tag(0)}", "{tag:1}", peer=f"{_STASH}246 ms for the ids"),
    Query("a rare tag, largest first", f"tag:{_tag(1899)}", "{tag:1900}", "-size"),
    Query("two common tags", f"tag:{_tag(2)} tag:{_tag(5)}", "{tag:3} AND {tag:6}"),
    Query("a common and a rare tag", f"tag:{_tag(1)} tag:{_tag(1499)}", "{tag:2} AND {tag:1500}"),
    Query("any of three tags", f"tag:{_tag(4)},{_tag(5)},{_tag(6)}",
          "({tag:5} OR {tag:6} OR {tag:7})"),
    Query("a tag, not another", f"tag:{_tag(0)} -tag:{_tag(1)}", "{tag:1} AND NOT {tag:2}"),
    Query("tag, codec and word", f"tag:{_tag(0)} codec:hevc {COMMON}",
          f"{{tag:1}} AND video_codec = 'hevc' AND {{word:{COMMON}}}"),
    Query("a tag or a rare performer", f"tag:{_tag(1899)} OR performer:{_person(18999)}",
          "({tag:1900} OR performer_ids && '{{19000}}')"),
    Query("two performers", f"performer:{_person(0)} performer:{_person(1)}",
          "performer_ids && '{{1}}' AND performer_ids && '{{2}}'"),
    Query("three performers or more", "performers>=3", "cardinality(performer_ids) >= 3"),
    Query("no tags, no performers", "-(tag:any OR performer:any)",
          "tag_ids = '{{}}' AND performer_ids = '{{}}'"),
    Query("a studio's best", f'studio:"Studio {word(0)} 0"', "studio_id = 1", "-rating"),
    Query("10 to 20 minutes", "duration:10m..20m", "duration_ms BETWEEN 600000 AND 1200000"),
    Query("10 to 20 minutes, largest first", "duration:10m..20m",
          "duration_ms BETWEEN 600000 AND 1200000", "-size"),
    Query("more than 1 GB, not H.264", "size>1GB -codec:h264",
          "size_bytes > 1000000000 AND video_codec <> 'h264'"),
    Query("a bit rate that isn't there", "bitrate>1gbps", "bitrate > 1000000000"),
    Query("a frame rate that isn't there", "fps:60", "frame_rate >= 60 AND frame_rate < 61"),
    Query("AV1 in 4k", "codec:av1 resolution:4k",
          "video_codec = 'av1' AND lines >= 2160 AND lines < 4320"),
    Query("a month of two years ago, by date", "date:2020-05",
          "date >= '2020-05-01' AND date < '2020-06-01'", "-date"),
    Query("favorites from 80 on, largest first", "rating>=80 is:favorite",
          "rating >= 80 AND favorite", "-size"),
    Query("missing from disk", "is:missing", "missing_since IS NOT NULL"),
    Query("without a cover", "missing:cover", "NOT made @> '{{cover}}'"),
    Query("played by me more than once", "plays>1", f"{_PLAYED} AND play_count > 1)"),
    Query("never played, best first", "watched:no", f"NOT {_PLAYED} AND play_count > 0)",
          "-rating"),
    Query("a folder", f'path:"/srv/library1/{word(44)} films"',
          f"library_id = 1 AND lower(path) LIKE '{word(44)} films/%%'",
          peer=f"{_STASH}5,976 ms by regular expression"),
    Query("file names with a star", f"path:*{RARE}*.mp4",
          f"haystack LIKE '%%{RARE}%%' AND path ILIKE '%%{RARE}%%.mp4'",
          peer=f"{_STASH}5,976 ms by regular expression"),
    Query("titles that begin so", f"title:{COMMON}*", f"haystack LIKE ' {COMMON}%%|%%'"),
    Query("marked so, or rated so by a field of one's own", f"marker:{MARK} OR {STARS}>=9",
          f"({_MARKED} AND m.title ILIKE '%%{MARK}%%') OR "
          f"(custom ? '{STARS}' AND (custom->>'{STARS}')::float >= 9))"),
    Query("like another video", "dup:2", "twin_distance <= 2"),
]  # fmt: skip

COMPLETIONS = [
    ("a field", "dur"), ("a tag", "tag:ba"), ("a rare tag", f"tag:{word(1899)}"),
    ("a performer, quoted", 'rating>50 performer:"person b'), ("a value", "codec:h"),
    ("a word", COMMON[:3]),
]  # fmt: skip
FACETS = [
    ("of everything", ""), ("of a common word", VERY_COMMON), ("of a common tag", f"tag:{_tag(0)}"),
    ("of a rare word", RARE), ("of long videos in 4k", "duration>20m resolution:4k"),
]  # fmt: skip

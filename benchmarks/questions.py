"""What is asked of a catalogue as ``invention`` makes it: the common, the rare, the awkward."""

from typing import Any

from benchmarks.invention import OLD_TAG, WORDS, word

VERY_COMMON_WORD, COMMON_WORD, RARE_WORD = word(1), word(100), word(WORDS - 5)

API: dict[str, dict[str, dict[str, Any]]] = {
    "videos": {
        "all": {},
        "a common tag": {"tag": 1},
        "a rare tag": {"tag": 1_900},
        "a tag of old videos": {"tag": OLD_TAG},
        "two common tags": {"tag": "3,6"},
        "a common and a rare tag": {"tag": "2,1500"},
        "two rare tags": {"tag": "1500,1600"},
        "any of three tags": {"tag_any": "5,6,7"},
        "without a common tag": {"tag_none": 1},
        "codec and height": {"codec": "av1", "height_min": 2_160},
        "two codecs": {"codec": "hevc,vp9"},
        "a common codec, largest first": {"codec": "h264", "ordering": "-size"},
        "a rare container": {"container": "asf"},
        "a container that isn't there": {"container": "nut"},
        "a bit rate that isn't there": {"bitrate_min": 10**9},
        "squares, which aren't there": {"orientation": "square"},
        "sound only": {"orientation": "none"},
        "a very common word": {"search": VERY_COMMON_WORD},
        "a common word": {"search": COMMON_WORD},
        "a rare word": {"search": RARE_WORD},
        "two words": {"search": f"{COMMON_WORD} {VERY_COMMON_WORD}"},
        "a word that isn't there": {"search": "xylophonist"},
        "two letters that aren't there": {"search": "xq"},
        "a common studio": {"studio": 1},
        "a rare studio": {"studio": 390},
        "a common performer": {"performer": 1},
        "a common performer, by title": {"performer": 1, "ordering": "title"},
        "a rare performer": {"performer": 19_000},
        "two common performers": {"performer": "1,2"},
        "favorites, best rated": {"favorite": "true", "ordering": "-rating"},
        "organized, which none are": {"organized": "true"},
        "missing": {"missing": "true"},
        "longer than an hour": {"duration_min": 3_600},
        "a library": {"library": 2},
        "portraits": {"orientation": "portrait"},
        "best rated of a tag": {"tag": 2, "ordering": "-rating"},
        "tag, codec, word": {"tag": 1, "codec": "hevc", "search": COMMON_WORD},
    },
    "files": {
        "all": {},
        "a common word": {"search": COMMON_WORD},
        "failed, which none did": {"probe_state": "failed"},
        "a rare codec": {"codec": "wmv3"},
        "missing": {"missing": "true"},
    },
    "performers": {"all": {}, "a word": {"search": VERY_COMMON_WORD}},
    "tags": {"all": {}, "largest first": {"ordering": "-video_count"}},
    "artifacts": {"all": {}},
}

# What no index of PostgreSQL serves: measured without a bar.
BEYOND = {"two letters that aren't there", "a late page by number"}

ADMIN = {
    "25 videos": "library/video/",
    "25 videos by title": "library/video/?o=2",
    "25 videos, a common word": f"library/video/?q={COMMON_WORD}",
    "25 videos, a rare word": f"library/video/?q={RARE_WORD}",
    "25 videos of a codec": "library/video/?codec=hevc",
    "25 videos of a tag": "library/video/?tags__id__exact=1",
    "25 videos of a performer": "library/video/?performers__id__exact=1",
    "25 videos, page 300": "library/video/?p=300",
    "25 files": "library/file/",
    "25 performers": "library/performer/",
    "25 tags": "library/tag/",
    "browse, 60 covers": "library/video/browse/",
    "browse, a tag": f"library/video/browse/?q=tag:%22Tag%20{word(0)}%200%22",
    "browse, a performer": f"library/video/browse/?q=performer:%22Person%20{word(0)}%200%22",
    "browse, a common word": f"library/video/browse/?q={COMMON_WORD}",
    "browse, best rated": "library/video/browse/?ordering=-rating",
    "browse, squares": "library/video/browse/?q=orientation:square",
    "a video": "library/video/5/change/",
    "a library": "library/library/1/change/",
    "home": "",
}

"""Random queries that mean something in a small library."""

from hypothesis import strategies as st

from apps.query import Node, Range, Term, Value, Word, all_of, any_of, none_of
from tests.library.search.facts import ROOTS, World
from tests.library.search.meanings import DAYS, DURATIONS, RESOLUTIONS
from tests.library.search.naive import STATES, THINGS

EQUAL = (":", "=", "!=")
ALL = (*EQUAL, "<", "<=", ">", ">=")
_COUNTS = ["0", "1", "2", "3", "0.5", "5"]
SPANS: dict[str, list[str]] = {
    "duration": list(DURATIONS),
    "resolution": list(RESOLUTIONS),
    "size": ["0", "700MB", "1.5GB", "1GiB", "1.0GiB", "1000kB", "1500000000", "700.4MB"],
    "bitrate": ["8Mbps", "8.4Mbps", "8000k", "500kbps", "8400000"],
    "fps": ["23.976", "24", "25", "60", "59.94fps", "23.98"],
    "width": ["1920", "1920px", "700", "0"],
    "height": ["1080", "1080p", "700", "1920"],
    "rating": ["1", "50", "80", "100", "79.5", "0"],
    "dup": ["0", "4", "5", "64"],
    "tags": _COUNTS,
    "performers": _COUNTS,
    "markers": _COUNTS,
    "plays": _COUNTS,
    "date": list(DAYS),
    "added": list(DAYS),
    "played": list(DAYS),
    "stars": ["0", "3", "4.5", "4"],
    "seen_on": list(DAYS),
}
_PARTS = ["", "a", "ap", "ape", "é", "e", "Bee", "BEE", "strasse", "straße", "52", "b-52", "100%",
          "%", "_", "r_s", "\\", "a.b", "end", "O'", "x|y", "日本", "日", "2024", "THE",
          "the end", "ape,", "!!", "- -", "films", "mp4", "nowhere", "animal", "dog", "Ada",
          "pix"]  # fmt: skip
_GLOBS = ["*", "ape*", "*end", "*ape*", "the*end", "*%", "a*b", "É*", "*_*", "**", "b*2*", "*2024"]
_PATHS = [
    "/", "/*", "/srv", "/srv/", "/srv/films", "/srv/films/", "/SRV/Films", "/srv/films*",
    "/srv/films2/été", "/srv/*/ape*", "/srv/films/films/*.avi", "/srv/fil*ape*", "/films",
    "films/*", "*.avi", "*/ape *", "été/ape", "Films 2/", "100%/", "a_b/*", "/nowhere", "/été",
]  # fmt: skip
_FLAGS = ["yes", "no"]
_CHOICES: dict[str, list[str]] = {
    "codec": ["h264", "HEVC", "x265", "h.264", "h*", "*", "av*1", "h*6*"],
    "audio": ["aac", "opus", "*"],
    "container": ["mp4", "avi", "MATROSKA", "m*", "*4"],
    "orientation": ["landscape", "portrait", "square"],
}
_NAMES = {
    "tag": ["animal", "DOG", "ete", "a b", "ape*", "*", "the other", "nothing*", "big*", '"none"'],
    "performer": ["ada", "ada of ely", "Ada Lovelace", "zoe", "*l*", "x-y", "The other"],
    "studio": ["pixar", "PIXAR kids", "pixar*", "bee", "the*"],
}  # fmt: skip


def _quoted(text: str) -> Value:
    return Value(text.strip('"'), quoted=True)


def _terms(
    name: str, values: st.SearchStrategy[Value | Range], operators: tuple[str, ...]
) -> st.SearchStrategy[Term]:
    several = st.lists(values, min_size=1, max_size=3).map(tuple)
    return st.builds(Term, st.just(name), st.sampled_from(operators), several)


def _spans(name: str) -> st.SearchStrategy[Term]:
    plain = st.sampled_from([*SPANS[name], "none", "any"]).map(Value)
    ends = st.sampled_from(["", *SPANS[name]])
    between = st.builds(Range, ends, ends).filter(lambda r: bool(r.low or r.high))
    return _terms(name, plain | between, EQUAL) | _terms(name, plain, ALL)


def _simple(name: str, texts: list[str]) -> st.SearchStrategy[Term]:
    return _terms(name, st.sampled_from(texts).map(Value), EQUAL)


def _textual(name: str, texts: list[str]) -> st.SearchStrategy[Term]:
    values = st.sampled_from(texts).map(_quoted) | st.sampled_from(["none", "any"]).map(Value)
    return _terms(name, values, EQUAL)


def _labels(name: str, world: World) -> st.SearchStrategy[Term]:
    labels = {"tag": world.tags, "performer": world.performers, "studio": world.studios}[name]
    real = [called for label in labels for called in label.names]
    known = [one for one in _NAMES[name] if "*" in one or one.lower() in map(str.lower, real)]
    return _textual(name, [*known, *real])


def leaves(world: World) -> st.SearchStrategy[Node]:
    words = st.builds(Word, st.sampled_from([*_PARTS, "Dogs", "kids", "ely"]), st.booleans())
    nodes: list[st.SearchStrategy[Node]] = [
        words,
        *(_spans(name) for name in SPANS),
        *(_labels(name, world) for name in ("tag", "performer", "studio")),
        *(_simple(name, [*texts, "none", "any"]) for name, texts in _CHOICES.items()),
        _textual("title", [*_PARTS, *_GLOBS]),
        _textual("path", [*_PARTS, *_GLOBS, *_PATHS]),
        _textual("marker", ["intro", "100%", "Intro", "the*", "dog", "*"]),
        _textual("mood", ["happy", "Happy", "100%", "happy_*", "*", "5", "_"]),
        _textual("phash", ["0", "8000000000000005", "abcdef", "1"]),
        _terms("resolution", st.sampled_from(["1920x1080", "700x700", "4k"]).map(Value), EQUAL),
        _simple("library", [*ROOTS, "films"]),
        _simple("lent", [*_FLAGS, "none", "any"]),
        _simple("played", _FLAGS),
        *(_simple(name, _FLAGS) for name in ("favorite", "organized", "watched")),
        _simple("is", list(STATES)),
        _simple("has", list(THINGS)),
        _simple("missing", [*THINGS, *_FLAGS]),
    ]
    return st.one_of(nodes)


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=2, max_size=3)
    return some.map(all_of) | some.map(any_of) | inner.map(none_of)  # type: ignore[return-value]


def queries(world: World) -> st.SearchStrategy[Node]:
    return st.recursive(leaves(world), _several, max_leaves=6)

"""Finding the names of labels in titles and paths: whole words, however they are written.

Titles, paths and names are compared as the database has folded them (``library_fold``): without
case, accents and punctuation. All of it is a few statements over temporary tables, whatever the
number of videos and labels: each name is looked for by its rarest word.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from django.db import connection
from django.db.models import QuerySet

from apps.library.models import Video
from apps.rules.choices import Where
from apps.rules.models import AutoTagSettings

FOUND = "rules_found"  # (id, kind, label_id, name), which ``find`` leaves
KINDS = ("tag", "performer", "studio")
# scripts that put no blanks between words: there a name may be found within a run of letters
_UNPARTED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]"
_LEAST_UNPARTED = 2
_PORTION = 5_000

_TEXTS = {
    Where.ANYWHERE: "video.haystack",
    Where.TITLE: "split_part(video.haystack, '|', 1)",
    Where.PATH: "split_part(video.haystack, '|', 2)",
    Where.FOLDERS: "''",
}

_NAMES = """
    CREATE TEMPORARY TABLE rules_names ON COMMIT DROP AS
    SELECT kind, min(label_id) AS label_id, name, name ~ %(unparted)s AS unparted
    FROM ({labels}) label
    WHERE btrim(name) <> ''
        AND length(replace(name, ' ', '')) >=
            CASE WHEN name ~ %(unparted)s THEN %(least_unparted)s ELSE %(least)s END
    GROUP BY kind, name HAVING count(DISTINCT label_id) = 1
"""
_LABELS = """
    SELECT '{kind}' AS kind, id AS label_id, unnest(string_to_array(haystack, '|')) AS name
    FROM library_{kind} WHERE id <> ALL (%({kind})s)
"""

# Of each name its rarest word; a name with a word that no video has can't be found.
_BY_WORDS = """
    CREATE TEMPORARY TABLE rules_words ON COMMIT DROP AS
    SELECT DISTINCT id, word FROM rules_text, unnest(string_to_array(btrim(text), ' ')) word
    WHERE word IN (SELECT unnest(string_to_array(btrim(name), ' ')) FROM rules_names);
    CREATE INDEX ON rules_words (word);
    ANALYZE rules_words;
    CREATE TEMPORARY TABLE rules_found ON COMMIT DROP AS
    WITH rarity AS MATERIALIZED (
        SELECT word, count(*) AS videos FROM rules_words GROUP BY word
    ), anchored AS MATERIALIZED (
        SELECT DISTINCT ON (kind, name) kind, label_id, name, word, coalesce(videos, 0) AS videos
        FROM rules_names CROSS JOIN unnest(string_to_array(btrim(name), ' ')) word
            LEFT JOIN rarity USING (word)
        ORDER BY kind, name, coalesce(videos, 0)
    )
    SELECT text.id, anchored.kind, anchored.label_id, anchored.name, false AS unparted
    FROM anchored JOIN rules_words USING (word) JOIN rules_text text USING (id)
    WHERE anchored.videos > 0 AND strpos(text.text, anchored.name) > 0
"""

_UNPARTED_ONES = """
    INSERT INTO rules_found
    SELECT text.id, names.kind, names.label_id, names.name, true
    FROM rules_names names
        JOIN (SELECT * FROM rules_text WHERE text ~ %s OFFSET 0) text
        ON strpos(text.text, btrim(names.name)) > 0
    WHERE names.unparted AND strpos(btrim(names.name), ' ') = 0
        AND NOT EXISTS (
            SELECT FROM rules_found found
            WHERE found.id = text.id AND found.kind = names.kind AND found.name = names.name)
"""

# A path's folders, each folded once however many videos it has.
_BY_FOLDERS = """
    CREATE TEMPORARY TABLE rules_found ON COMMIT DROP AS
    WITH placed AS MATERIALIZED (
        SELECT text.id, regexp_replace(video.path, '/?[^/]*$', '') AS folder
        FROM rules_text text JOIN library_video video USING (id)
    ), parts AS MATERIALIZED (
        SELECT DISTINCT folder, part FROM (SELECT DISTINCT folder FROM placed) folders,
            unnest(string_to_array(folder, '/')) part
    ), folded AS MATERIALIZED (
        SELECT part, library_fold(part) AS name FROM (SELECT DISTINCT part FROM parts) each
    )
    SELECT DISTINCT placed.id, names.kind, names.label_id, names.name, false AS unparted
    FROM rules_names names JOIN folded USING (name) JOIN parts USING (part)
        JOIN placed USING (folder)
"""

# Names that lie within longer ones that were found, too.
_WITHIN = """
    SELECT DISTINCT shorter.id, shorter.kind
    FROM rules_found shorter JOIN rules_found longer USING (id, kind)
    WHERE longer.label_id <> shorter.label_id AND longer.name <> shorter.name
        AND strpos(longer.name, CASE WHEN shorter.unparted
            THEN btrim(shorter.name) ELSE shorter.name END) > 0
"""
_THEIRS = """
    SELECT found.id, found.kind, found.label_id, found.name, found.unparted, text.text
    FROM rules_found found JOIN rules_text text USING (id)
        JOIN unnest(%s::bigint[], %s::text[]) AS wanted(id, kind) USING (id, kind)
"""
_DROP = """
    DELETE FROM rules_found found
    USING unnest(%s::bigint[], %s::text[], %s::text[]) AS gone(id, kind, name)
    WHERE found.id = gone.id AND found.kind = gone.kind AND found.name = gone.name
"""


def find(videos: QuerySet[Video], settings: AutoTagSettings) -> None:
    """Fill the table ``FOUND``, until the transaction ends, with names of labels in videos.

    A name that several labels of a kind have is nobody's. Where a longer name of its kind holds
    every place at which a name stands, only the longer one counts: *Ann Smith* is not *Ann*.
    """
    where = Where(settings.where)
    with connection.cursor() as cursor:
        _gather_names(settings)
        sql, params = videos.order_by().values("pk").query.sql_with_params()
        cursor.execute(
            f"CREATE TEMPORARY TABLE rules_text ON COMMIT DROP AS SELECT video.id, "  # noqa: S608
            f"{_TEXTS[where]} AS text FROM library_video video WHERE id IN ({sql})",
            params,
        )
        cursor.execute("CREATE UNIQUE INDEX ON rules_text (id); ANALYZE rules_text")
        if where is Where.FOLDERS:
            cursor.execute(_BY_FOLDERS)
        else:
            cursor.execute(_BY_WORDS)
            cursor.execute(_UNPARTED_ONES, [_UNPARTED])
        cursor.execute("CREATE INDEX ON rules_found (id, kind); ANALYZE rules_found")
        cursor.execute(_WITHIN)
        within = cursor.fetchall()
    for at in range(0, len(within), _PORTION):
        _drop_covered(within[at : at + _PORTION])


def _gather_names(settings: AutoTagSettings) -> None:
    wanted = {"tag": settings.tags, "performer": settings.performers, "studio": settings.studios}
    ignored = {
        kind: list(getattr(settings, f"ignored_{kind}s").values_list("pk", flat=True))
        for kind in KINDS
    }
    kinds = [kind for kind in KINDS if wanted[kind]]
    nothing = "SELECT '' AS kind, 0::bigint AS label_id, '' AS name WHERE false"
    labels = " UNION ALL ".join([*(_LABELS.format(kind=kind) for kind in kinds), nothing])
    with connection.cursor() as cursor:
        cursor.execute(
            _NAMES.format(labels=labels),
            {
                **ignored, "least": settings.least_letters, "unparted": _UNPARTED,
                "least_unparted": min(_LEAST_UNPARTED, settings.least_letters),
            },
        )  # fmt: skip
        cursor.execute("ANALYZE rules_names")


def _drop_covered(within: Iterable[tuple[int, str]]) -> None:
    ids, kinds = zip(*within, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_THEIRS, [list(ids), list(kinds)])
        texts: dict[tuple[int, str], str] = {}
        names: dict[tuple[int, str], set[tuple[str, bool]]] = defaultdict(set)
        for pk, kind, _label, name, unparted, text in cursor.fetchall():
            texts[pk, kind] = text
            names[pk, kind].add((name, unparted))
        gone = [
            (pk, kind, name)
            for (pk, kind), found in names.items()
            for name in covered(texts[pk, kind], found)
        ]
        columns = [list(column) for column in zip(*gone, strict=True)] if gone else [[], [], []]
        cursor.execute(_DROP, columns)


def covered(text: str, names: Iterable[tuple[str, bool]]) -> set[str]:
    """The names that stand nowhere but within longer ones. ``True`` beside a name: it may stand
    within a run of letters."""
    places = {
        name: spans(text, name.strip() if unparted else name, margin=0 if unparted else 1)
        for name, unparted in names
    }
    gone = set()
    for name, own in places.items():
        others = [span for other, its in places.items() if len(other) > len(name) for span in its]
        if others and all(any(a <= at and to <= b for a, b in others) for at, to in own):
            gone.add(name)
    return gone


def spans(text: str, name: str, *, margin: int) -> list[tuple[int, int]]:
    """Where a name stands; ``margin`` is what of it, on both sides, is no part of it."""
    found, at = [], -1
    with suppress(ValueError):
        while True:
            at = text.index(name, at + 1)
            found.append((at + margin, at + len(name) - margin))
    return found

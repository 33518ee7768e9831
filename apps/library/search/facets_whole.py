"""What a sample of the whole catalogue can't tell, and the database keeps or counts at once."""

from collections.abc import Iterator

from django.db import connection

from apps.library.models import Studio, TagParent
from apps.library.search.facets_counts import MOST_VALUES, Counts
from apps.library.search.facets_kinds import FACETS, LABEL_FACETS, Facet, LabelFacet
from apps.library.search.fields import values_in_use

_COUNT = "SELECT {place}, (SELECT count(*) FROM library_video WHERE {condition})"
_RARE = 5_000  # videos: an index counts so many in a millisecond


def set_right(counts: Counts) -> dict[str, set[str | None]]:
    """Put exact numbers in the place of estimates where they come cheaply.

    Says for each facet which keys are exact now. A handful of statements.
    """
    exact: dict[str, set[str | None]] = {name: set() for name in counts.values}
    rare = [one for name in counts.values if name in FACETS for one in _rare(FACETS[name], counts)]
    for name, key, count in _count_each(rare):
        counts.values[name].pop(key, None)
        if count:
            counts.values[name][key] = count
        exact[name].add(key)
    for name in counts.values:
        if name in LABEL_FACETS:
            exact[name] |= _set_labels_right(LABEL_FACETS[name], counts.values[name])
    return exact


def _rare(facet: Facet, counts: Counts) -> Iterator[tuple[str, str | None, str, list[str]]]:
    """Facet, key, condition and its parameters."""
    found = counts.values[facet.name]
    if facet.flag and found.get("yes", 0) < _RARE:
        yield facet.name, "yes", facet.flag, []
    if facet.column:
        keys: list[str | None] = [None, *(value for value, _label in values_in_use(facet.column))]
        for key in keys:
            if found.get(key, 0) < _RARE:
                yield facet.name, key, f"{facet.column} = %s", [key or ""]


def _count_each(
    wanted: list[tuple[str, str | None, str, list[str]]],
) -> Iterator[tuple[str, str | None, int]]:
    if not wanted:
        return
    statement = " UNION ALL ".join(
        _COUNT.format(place=place, condition=condition)
        for place, (_name, _key, condition, _parameters) in enumerate(wanted)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [one for *_rest, parameters in wanted for one in parameters])
        for place, count in cursor.fetchall():
            name, key, *_rest = wanted[place]
            yield name, key, count


def _set_labels_right(facet: LabelFacet, found: dict[str | None, int]) -> set[str | None]:
    """From the counts that triggers keep, but of labels that count others, too."""
    if facet.name == "library":
        return set()
    rows = facet.model._default_manager.filter(video_count__gt=0)
    kept: dict[str | None, int] = {
        str(pk): count
        for pk, count in rows.order_by("-video_count", "pk").values_list("pk", "video_count")[
            :MOST_VALUES
        ]
    }
    above = _with_others_below(facet)
    for key in [key for key in found if key is not None and key not in above]:
        del found[key]
    exact: set[str | None] = {key for key in kept if key not in above}
    found.update({key: count for key, count in kept.items() if key in exact})
    return exact


def _with_others_below(facet: LabelFacet) -> set[str]:
    if facet.name == "tag":
        parents = TagParent.objects.values_list("parent", flat=True).distinct()
    elif facet.name == "studio":
        below = Studio.objects.filter(parent__isnull=False)
        parents = below.values_list("parent", flat=True).distinct()
    else:
        return set()
    return {str(pk) for pk in parents}

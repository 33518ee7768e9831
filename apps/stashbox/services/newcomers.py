"""Labels and people of a box as rows of ours that aren't saved yet."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from apps.library.choices import Gender
from apps.library.models import Performer, Studio, Tag
from apps.stashbox.schema import RemotePerformer, RemoteStudio, RemoteTag

Remote = RemotePerformer | RemoteStudio | RemoteTag
_MOST_ALIASES = 200
_MOST_URLS = 50
_YEARS = range(1_850, 2_200)
_HEIGHTS = range(30, 300)


def day_of(text: str) -> date | None:
    """A date of ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; what isn't said is the first."""
    parts = text.split("-") if text else []
    try:
        numbers = [int(part) for part in parts]
        return date(*[*numbers, 1, 1][:3]) if numbers else None
    except (ValueError, TypeError):
        return None


def newcomer(remote: Remote) -> Performer | Studio | Tag:
    """Unsaved, without its parent; what our columns can't hold is left out."""
    if isinstance(remote, RemotePerformer):
        return Performer(**_performer(remote))
    names = {"name": remote.name, "aliases": aliases_of(remote)}
    if isinstance(remote, RemoteStudio):
        return Studio(**names, urls=list(remote.urls[:_MOST_URLS]))
    return Tag(**names, details=remote.details)


def aliases_of(remote: Remote) -> list[str]:
    """In order, each once, whatever its case."""
    return _once(remote.aliases, but=remote.name)[:_MOST_ALIASES]


def _performer(remote: RemotePerformer) -> dict[str, Any]:
    years = {
        name: year if year in _YEARS else None
        for name, year in (
            ("career_start", remote.career_start),
            ("career_end", remote.career_end),
        )
    }
    return {
        "name": remote.name,
        "disambiguation": remote.disambiguation,
        "aliases": aliases_of(remote),
        "gender": _choice(remote.gender, Gender.values),
        "birth_date": day_of(remote.birth_date),
        "death_date": day_of(remote.death_date),
        "country": _country(remote.country),
        "ethnicity": _words(remote.ethnicity)[:60],
        "eye_color": _words(remote.eye_color)[:30],
        "hair_color": _words(remote.hair_color)[:30],
        "height_cm": remote.height_cm if remote.height_cm in _HEIGHTS else None,
        "measurements": measurements(remote)[:60],
        "tattoos": "; ".join(remote.tattoos),
        "piercings": "; ".join(remote.piercings),
        "urls": list(remote.urls[:_MOST_URLS]),
        **years,
    }


def measurements(remote: RemotePerformer) -> str:
    """Such as ``34D-26-36``; what isn't known at the end is left out, in between it is ``?``."""
    bust = f"{remote.band_size or ''}{remote.cup_size.upper()}"
    parts = [bust, str(remote.waist_size or ""), str(remote.hip_size or "")]
    while parts and not parts[-1]:
        parts.pop()
    return "-".join(part or "?" for part in parts)


def _words(text: str) -> str:
    """``MIDDLE_EASTERN`` as people write it."""
    return text.replace("_", " ").capitalize() if text.isupper() else text


def _choice(text: str, values: Iterable[str]) -> str:
    return text.lower() if text.lower() in values else ""


def _country(text: str) -> str:
    return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else ""


def _once(names: Iterable[str], *, but: str) -> list[str]:
    found: dict[str, str] = {}
    for name in names:
        if name:
            found.setdefault(name.lower(), name[:200])
    found.pop(but.lower(), None)
    return list(found.values())

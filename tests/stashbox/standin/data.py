"""What the stand-in knows: scenes, performers, studios and tags as dictionaries by their ids.

Their keys are the fields of the protocol, but relations are ids, URLs are texts and images have no
address: the stand-in serves them itself.
"""

import json
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Entity = dict[str, Any]
Print = tuple[str, str, int]

WHEN = "2026-01-01T00:00:00Z"
_SPACE = uuid.UUID("7b8f3bb4-6f0e-4c86-9a8b-5f0d6f4b7a11")
_WORD = re.compile(r"\w+")
_DATES = {"created": WHEN, "updated": WHEN}
_SCENE: Entity = {
    "title": None, "details": None, "release_date": None, "production_date": None, "urls": [],
    "studio": None, "tags": [], "images": [], "performers": [], "fingerprints": [],
    "duration": None, "director": None, "code": None, "deleted": False, "merged_into_id": None,
}  # fmt: skip
_PERFORMER: Entity = {
    "disambiguation": None, "aliases": [], "gender": None, "urls": [], "birth_date": None,
    "death_date": None, "age": None, "ethnicity": None, "country": None, "eye_color": None,
    "hair_color": None, "height": None, "cup_size": None, "band_size": None, "waist_size": None,
    "hip_size": None, "breast_type": None, "career_start_year": None, "career_end_year": None,
    "tattoos": None, "piercings": None, "images": [], "deleted": False, "merged_into_id": None,
    "is_favorite": False,
}  # fmt: skip
_STUDIO: Entity = {
    "aliases": [], "urls": [], "parent": None, "images": [], "deleted": False,
    "merged_into_id": None, "is_favorite": False,
}  # fmt: skip
_TAG: Entity = {
    "description": None, "aliases": [], "deleted": False, "category": None,
    "merged_into_id": None,
}  # fmt: skip
_PRINT: Entity = {
    "submissions": 1, "reports": 0, "user_submitted": False, "user_reported": False,
}  # fmt: skip


class Data:
    """All that one stand-in knows. Whoever changes an entity by hand calls ``changed()``."""

    def __init__(self) -> None:
        self.scenes: dict[str, Entity] = {}
        self.performers: dict[str, Entity] = {}
        self.studios: dict[str, Entity] = {}
        self.tags: dict[str, Entity] = {}
        self._exact: dict[tuple[str, str], list[str]] | None = None
        self._phashes = np.empty(0, np.uint64)
        self._owners: list[str] = []
        self._places: dict[str, int] = {}
        self._appearances: Counter[str] = Counter()
        self._words: dict[str, set[str]] = {}

    @classmethod
    def load(cls, path: Path) -> "Data":
        """Of a file like ``fixtures/stashbox.json``. Raises OSError, ValueError or TypeError."""
        known = json.loads(path.read_text(encoding="utf-8"))
        data = cls()
        for studio in known.get("studios", ()):
            data.add_studio(**studio)
        for tag in known.get("tags", ()):
            data.add_tag(**tag)
        for performer in known.get("performers", ()):
            data.add_performer(**performer)
        for scene in known.get("scenes", ()):
            data.add_scene(**scene)
        data.require_whole()
        return data

    def require_whole(self) -> None:
        """Raises ValueError if something is of something that isn't there."""
        named = {each["parent"] for each in self.studios.values()}
        named |= {each["studio"] for each in self.scenes.values()}
        lost = named - self.studios.keys() - {None}
        for scene in self.scenes.values():
            lost |= set(scene["tags"]) - self.tags.keys()
            lost |= {each["performer"] for each in scene["performers"]} - self.performers.keys()
        if lost:
            message = f"There is no {', '.join(sorted(lost))}."
            raise ValueError(message)

    def add_scene(self, *, prints: Iterable[Print] = (), **fields: Any) -> str:
        """``prints`` are (algorithm, hash, seconds). ``studio`` and ``tags`` are ids,
        ``performers`` ids or ``{"performer": id, "as": name}``. Gives the scene's id."""
        fields["fingerprints"] = [
            *fields.get("fingerprints", ()),
            *({"algorithm": kind, "hash": text, "duration": long} for kind, text, long in prints),
        ]
        scene = self._add(self.scenes, "scene", _SCENE, fields)
        scene["fingerprints"] = [{**_PRINT, **_DATES, **each} for each in scene["fingerprints"]]
        scene["performers"] = [
            {"performer": each, "as": None} if isinstance(each, str) else {"as": None, **each}
            for each in scene["performers"]
        ]
        return str(scene["id"])

    def add_performer(self, name: str, **fields: Any) -> str:
        fields["name"] = name
        return str(self._add(self.performers, "performer", _PERFORMER, fields)["id"])

    def add_studio(self, name: str, **fields: Any) -> str:
        """``parent`` is an id."""
        return str(self._add(self.studios, "studio", _STUDIO, {"name": name, **fields})["id"])

    def add_tag(self, name: str, **fields: Any) -> str:
        return str(self._add(self.tags, "tag", _TAG, {"name": name, **fields})["id"])

    def merge(self, entities: dict[str, Entity], old: str, *, into: str) -> None:
        """What moderators do with doubles: the old one is deleted, scenes have the other."""
        entities[old].update(deleted=True, merged_into_id=into)
        for scene in self.scenes.values():
            scene["studio"] = into if scene["studio"] == old else scene["studio"]
            scene["tags"] = [into if tag == old else tag for tag in scene["tags"]]
            for each in scene["performers"]:
                each["performer"] = into if each["performer"] == old else each["performer"]
        self.changed()

    def changed(self) -> None:
        self._exact = None
        self._words.clear()

    def vote(self, scene: Entity, given: Entity) -> None:
        """Somebody says that a scene has a fingerprint."""
        for each in scene["fingerprints"]:
            if _key(each["algorithm"], each["hash"]) == _key(given["algorithm"], given["hash"]):
                each["submissions"] += not each["user_submitted"]
                each["user_submitted"] = True
                return
        fields = {key: given[key] for key in ("algorithm", "hash", "duration")}
        scene["fingerprints"].append({**_PRINT, **_DATES, **fields, "user_submitted": True})
        self.changed()

    def matching(self, prints: Sequence[Entity], *, distance: int) -> list[str]:
        """Ids of the scenes that have one of these fingerprints, in the order they were added."""
        exact = self._index()
        found: set[str] = set()
        for each in prints:
            key = _key(each["algorithm"], each["hash"])
            found.update(exact.get(key, ()))
            if distance and each["algorithm"] == "PHASH":
                found.update(self._near(int(each["hash"], 16), distance))
        return sorted(found, key=self._places.__getitem__)

    def scene_count(self, performer: str) -> int:
        """In how many scenes that aren't deleted somebody is."""
        self._index()
        return self._appearances[performer]

    def search(self, entities: dict[str, Entity], term: str, texts: Any) -> list[Entity]:
        """Those in whose words each word of the term is; an id or a URL finds its own."""
        term = term.strip()
        if term in entities:
            return [entities[term]]
        living = (each for each in entities.values() if not each["deleted"])
        if term.startswith(("http://", "https://")):
            return [each for each in living if term in each["urls"]]
        words = set(_WORD.findall(term.casefold()))
        known = self._words
        for each in entities.values():
            if each["id"] not in known:
                known[each["id"]] = _words(texts(each))
        return [each for each in living if words and words <= known[each["id"]]]

    def _add(self, entities: dict[str, Entity], kind: str, blank: Entity, fields: Entity) -> Entity:
        unknown = fields.keys() - blank.keys() - {"id", "name"}
        if unknown:
            message = f"A {kind} has no {', '.join(sorted(unknown))}."
            raise ValueError(message)
        ours = uuid.uuid5(_SPACE, f"{kind} {len(entities)}")
        entity = {"id": str(ours), **json.loads(json.dumps(blank)), **_DATES, **fields}
        entities[entity["id"]] = entity
        self.changed()
        return entity

    def _index(self) -> dict[tuple[str, str], list[str]]:
        if self._exact is not None:
            return self._exact
        exact: dict[tuple[str, str], list[str]] = defaultdict(list)
        phashes: list[int] = []
        self._owners = []
        living = [scene for scene in self.scenes.values() if not scene["deleted"]]
        self._places = {scene["id"]: place for place, scene in enumerate(living)}
        self._appearances = Counter(
            who for scene in living for who in {each["performer"] for each in scene["performers"]}
        )
        for scene in living:
            for each in scene["fingerprints"]:
                exact[_key(each["algorithm"], each["hash"])].append(scene["id"])
                if each["algorithm"] == "PHASH":
                    phashes.append(int(each["hash"], 16))
                    self._owners.append(scene["id"])
        self._phashes = np.array(phashes, np.uint64)
        self._exact = dict(exact)
        return self._exact

    def _near(self, phash: int, distance: int) -> list[str]:
        apart = np.bitwise_count(self._phashes ^ np.uint64(phash))
        return [self._owners[place] for place in np.flatnonzero(apart <= distance)]


def _key(algorithm: str, text: str) -> tuple[str, str]:
    return (algorithm, text.lower().lstrip("0"))


def _words(texts: Iterable[str | None]) -> set[str]:
    return {word for text in texts if text for word in _WORD.findall(text.casefold())}

"""A stash-box: its questions as methods, its answers as plain data."""

import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from apps.stashbox import operations
from apps.stashbox.exchange import Answer, BoxError, Exchange, Patience
from apps.stashbox.models import StashBox
from apps.stashbox.schema import (
    AnswerRefused,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    from_answer_performer,
    from_answer_scene,
)
from apps.stashbox.schema.values import line

__all__ = [
    "MOST_PERFORMERS",
    "MOST_PRINTS",
    "MOST_SCENES",
    "BoxError",
    "Patience",
    "StashBoxClient",
]

MOST_SCENES = 40  # of one lookup; a server refuses more
MOST_PRINTS = 1_000  # of one submission
MOST_PERFORMERS = 40  # of one request

Shape = TypeVar("Shape")
logger = logging.getLogger(__name__)


class StashBoxClient:
    """Asks one box, in its turn; to be used ``with``. Everything raises BoxError.

    What can't be read of an answer is left out of it; ``errors`` says, after ``find_scenes``, for
    which of the items the box failed: their places and its words.
    """

    def __init__(
        self,
        box: StashBox,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._box, self._exchange = box, Exchange(box, patience=patience, sleep=sleep)
        self.errors: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exchange.close()

    def me(self) -> str | None:
        """Whose key it is, or nothing if the box knows nobody by it."""
        try:
            answer = self._exchange.ask(operations.ME)
        except BoxError as error:
            if error.reason != "too_old":
                raise
            # no box ever was without it
            raise BoxError(
                "not_a_stash_box", f"{self._box} is a server of another kind."
            ) from error
        user = answer.data.get("me")
        return line(user.get("name"), 200) if isinstance(user, dict) else None

    def version(self) -> str:
        """The server's version, as it calls it."""
        found = self._exchange.ask(operations.VERSION).data.get("version")
        return line(found.get("version"), 100) if isinstance(found, dict) else ""

    def find_scenes(self, prints: Sequence[Sequence[RemotePrint]]) -> list[list[RemoteScene]]:
        """The scenes with any fingerprint of each item, in the items' order; at most 40 items."""
        if len(prints) > MOST_SCENES:
            raise ValueError(f"{len(prints)} items are too many for one lookup")
        asked = [[{"hash": p.hash, "algorithm": p.algorithm} for p in item] for item in prints]
        field = "findScenesBySceneFingerprints"
        answer = self._exchange.ask(operations.FIND_SCENES, {"prints": asked})
        lists = answer.data.get(field)
        if not isinstance(lists, list) or len(lists) != len(asked):
            raise self._broken()
        self.errors = {n: e for n in range(len(asked)) if (e := answer.error_at(field, n))}
        return [self._each(scenes, from_answer_scene) for scenes in lists]

    def search_scenes(self, term: str, *, limit: int = 10) -> list[RemoteScene]:
        """Scenes by words, the likeliest first."""
        asked = {"term": line(term, 500), "limit": limit}
        answer = self._exchange.ask(operations.SEARCH_SCENES, asked)
        return self._found(answer, "searchScenes", "scenes", from_answer_scene)[:limit]

    def find_scene(self, scene_id: str) -> RemoteScene | None:
        """One scene; nothing, if the box has none of this id."""
        return self._one(operations.FIND_SCENE, "findScene", scene_id, from_answer_scene)

    def search_performers(self, term: str, *, limit: int = 10) -> list[RemotePerformer]:
        """Performers by name, the likeliest first."""
        asked = {"term": line(term, 500), "limit": limit}
        answer = self._exchange.ask(operations.SEARCH_PERFORMERS, asked)
        return self._found(answer, "searchPerformers", "performers", from_answer_performer)[:limit]

    def find_performer(self, performer_id: str) -> RemotePerformer | None:
        """One performer; of one that was merged ``merged_into`` says where to look."""
        return self._one(
            operations.FIND_PERFORMER, "findPerformer", performer_id, from_answer_performer
        )

    def find_performers(self, ids: Sequence[str]) -> dict[str, RemotePerformer]:
        """Those of at most 40 performers that the box has, by their ids, by one request."""
        if len(ids) > MOST_PERFORMERS:
            raise ValueError(f"{len(ids)} performers are too many for one request")
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        data = self._exchange.ask(*operations.find_performers(wanted)).data
        found = {}
        for number, performer_id in enumerate(wanted):
            for performer in self._each([data.get(f"p{number}")], from_answer_performer):
                found[performer_id] = performer
        return found

    def submit_fingerprints(self, items: Sequence[dict[str, Any]]) -> list[str | None]:
        """Give at most 1,000 of ``scene_id``, ``hash``, ``algorithm``, ``duration`` (seconds, more
        than none). For each what was wrong with it, or nothing; to give twice does no harm.
        """
        if len(items) > MOST_PRINTS:
            raise ValueError(f"{len(items)} fingerprints are too many for one request")
        if not items:
            return []
        answer = self._exchange.ask(operations.SUBMIT_FINGERPRINTS, {"input": list(items)})
        results = answer.data.get("submitFingerprints")
        if not isinstance(results, list):
            raise self._broken()
        told = {
            (result.get("scene_id"), result.get("hash")): result.get("error")
            for result in results
            if isinstance(result, dict)
            and isinstance(result.get("scene_id"), str)
            and isinstance(result.get("hash"), str)
        }
        return [_told(told, (item["scene_id"], item["hash"])) for item in items]

    def submit_scene_draft(self, draft: dict[str, Any], image: bytes | None = None) -> str:
        """Give a ``SceneDraftInput``, and a picture; the draft's id."""
        return self._draft(operations.SUBMIT_SCENE_DRAFT, "submitSceneDraft", draft, image)

    def submit_performer_draft(self, draft: dict[str, Any], image: bytes | None = None) -> str:
        """Give a ``PerformerDraftInput``, and a picture; the draft's id."""
        return self._draft(operations.SUBMIT_PERFORMER_DRAFT, "submitPerformerDraft", draft, image)

    def _draft(self, query: str, field: str, draft: dict[str, Any], image: bytes | None) -> str:
        # one that was taken, but whose answer was lost, would be there twice
        answer = self._exchange.ask(query, {"input": draft}, image=image, repeatable=False)
        found = answer.data.get(field)
        if not isinstance(found, dict):
            raise self._broken()
        return line(found.get("id"), 100)

    def _one(
        self, query: str, field: str, remote_id: str, read: Callable[[Any], Shape]
    ) -> Shape | None:
        found = self._exchange.ask(query, {"id": remote_id}).data.get(field)
        if found is None:
            return None
        try:
            return read(found)
        except AnswerRefused as error:
            raise BoxError("broken_answer", f"{self._box}: {error}") from error

    def _found(
        self, answer: Answer, field: str, key: str, read: Callable[[Any], Shape]
    ) -> list[Shape]:
        found = answer.data.get(field)
        if not isinstance(found, dict):
            raise self._broken()
        return self._each(found.get(key), read)

    def _each(self, value: Any, read: Callable[[Any], Shape]) -> list[Shape]:
        """What can be read of a list; one that can't must not take the others with it."""
        if not isinstance(value, list):
            raise self._broken()
        found = []
        for item in value[:200]:
            if item is not None:  # which the box could not resolve
                try:
                    found.append(read(item))
                except AnswerRefused as error:
                    logger.warning("%s: %s It is left out.", self._box, error)
        return found

    def _broken(self) -> BoxError:
        return BoxError("broken_answer", f"{self._box} answered something else than was asked.")


def _told(told: dict[Any, Any], key: tuple[Any, Any]) -> str | None:
    if key not in told:
        return "The box did not say what became of it."
    error = told[key]
    return None if error is None else line(error, 200) or "It was refused."

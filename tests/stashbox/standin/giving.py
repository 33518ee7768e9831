"""What is given: fingerprints and drafts, which are kept."""

from typing import Any

from ariadne import MutationType
from graphql import GraphQLError

from tests.stashbox.standin.data import Entity
from tests.stashbox.standin.visit import Draft, Upload, Visit

mutation = MutationType()


@mutation.field("submitFingerprints")
def _submit(_: Any, info: Any, *, input: list[Entity]) -> list[Entity]:  # noqa: A002
    visit: Visit = info.context
    if len(input) > visit.settings.most_prints:
        message = "too many fingerprints"
        raise GraphQLError(message)
    return [_take(visit, each) for each in input]


def _take(visit: Visit, given: Entity) -> Entity:
    known = visit.data.scenes.get(given["scene_id"])
    error = None
    if given["duration"] <= 0:
        error = "duration must be positive"
    elif known is None or known["deleted"]:
        error = "scene not found"
    else:
        visit.submissions.append(dict(given))
        visit.data.vote(known, given)
    return {"hash": given["hash"], "scene_id": given["scene_id"], "error": error}


@mutation.field("submitSceneDraft")
def _scene_draft(_: Any, info: Any, *, input: Entity) -> Entity:  # noqa: A002
    return _keep_draft(info.context, "scene", input)


@mutation.field("submitPerformerDraft")
def _performer_draft(_: Any, info: Any, *, input: Entity) -> Entity:  # noqa: A002
    return _keep_draft(info.context, "performer", input)


def _keep_draft(visit: Visit, kind: str, given: Entity) -> Entity:
    picture = given.pop("image", None)
    if picture is not None and not isinstance(picture, Upload):
        message = "image is no upload"
        raise GraphQLError(message)
    draft = Draft(
        id=f"00000000-0000-4000-8000-{len(visit.drafts) + 1:012d}",
        kind=kind,
        fields=given,
        image=picture,
    )
    visit.drafts.append(draft)
    return {"id": draft.id}

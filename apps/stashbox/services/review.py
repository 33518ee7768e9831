"""What people decide about candidates, and how they look for others."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import audit, context, undo
from apps.core.errors import Conflict, MediaHubError
from apps.core.models import AuditEntry
from apps.library.models import Performer, Video
from apps.stashbox.choices import CLOSED, TAKEN, MatchState, Source
from apps.stashbox.client import StashBoxClient
from apps.stashbox.matching import judge
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.schema import RemotePerformer, RemoteScene, read_scene
from apps.stashbox.services.apply import FIELDS, apply_matches
from apps.stashbox.services.boxes import in_order, settings_of_all
from apps.stashbox.services.bulk import accept_many, foresee_bulk
from apps.stashbox.services.decided import pass_others, reopen
from apps.stashbox.services.facts import facts_of
from apps.stashbox.services.holding import hold_videos
from apps.stashbox.services.keeping import keep
from apps.stashbox.services.linking import hold_people, link, make_performer
from apps.stashbox.services.merged import survivor
from apps.stashbox.services.scrape import scrape_url

__all__ = [
    "accept", "accept_many", "foresee_bulk", "is_reference", "link_performer", "open_again",
    "paste", "reject", "search", "skip", "take_back",
]  # fmt: skip

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_FOUND_AT_ONCE = 10
_MOST_ALIASES = 200


class DecidedAlready(Conflict):
    """The candidate was applied or accepted, or is gone; nothing was changed."""

    code = "decided_already"


class UnknownField(MediaHubError):
    """Candidates say nothing of such a field; nothing was changed."""

    code = "unknown_field"
    field = "fields"


class NothingThere(MediaHubError):
    """No box knows what was named."""

    code = "nothing_there"
    status = 404


class NotInCandidate(MediaHubError):
    """The candidate names no such performer; nothing was changed."""

    code = "not_in_candidate"
    field = "remote_id"


class NameTaken(Conflict):
    """There is a performer of this name; nothing was changed."""

    code = "name_taken"


@transaction.atomic
def accept(
    match: StashMatch, *, fields: Sequence[str] | None = None, decides: bool = False
) -> StashMatch:
    """Apply a candidate whole, and pass over the video's others; or take just some fields of it,
    and leave the others to be looked at unless that ``decides`` about the video.

    Fields that are named are taken even over what a person gave; locked ones never are. Where the
    policy of a list is to merge, it is merged all the same. Of what isn't decided so, or beside
    another scene of the box, only fields are taken: the video isn't said to be that scene.
    Raises DecidedAlready, UnknownField, AnswerRefused.
    """
    if wrong := [name for name in fields or () if name not in FIELDS]:
        raise UnknownField(f"Candidates have no field {wrong[0]!r}: choose of {', '.join(FIELDS)}.")
    read_scene(match.payload)
    hold_videos([match.video_id])
    chosen = list(dict.fromkeys(fields)) if fields else None
    other = _scene_of(match)
    if chosen is None and other is not None:
        raise DecidedAlready(
            f"“{other}” was taken for this video: undo that first, or take single fields."
        )
    done = apply_matches(
        [match], state=MatchState.ACCEPTED, settings=settings_of_all(), fields=chosen,
        whole=(chosen is None or decides) and other is None,
    )  # fmt: skip
    if not done:
        raise DecidedAlready(f"“{match}” was accepted already, or is gone: undo that first.")
    if chosen is None or decides:
        pass_others(done, now=done[0].decided_at or timezone.now(), of_all_boxes=True)
    return done[0]


def _scene_of(match: StashMatch) -> StashMatch | None:
    """Another candidate that the video is: it is one scene of a box at most."""
    others = StashMatch.objects.filter(video=match.video_id, box=match.box_id, state__in=TAKEN)
    return others.filter(whole=True).exclude(pk=match.pk).first()


@transaction.atomic
def reject(match: StashMatch) -> StashMatch:
    """Never offer a candidate for its video again. Raises DecidedAlready."""
    hold_videos([match.video_id])
    stored = StashMatch.objects.select_for_update().filter(pk=match.pk).first()
    if stored is None or stored.state in TAKEN:
        raise DecidedAlready(f"“{match}” was accepted already, or is gone: undo that first.")
    stored.state = MatchState.REJECTED
    stored.decided_at, stored.decided_by_id = timezone.now(), context.current().user_id
    stored.save(update_fields=["state", "decided_at", "decided_by", "updated_at"])
    return stored


@transaction.atomic
def skip(video: Video) -> list[StashMatch]:
    """Pass over all that waits of a video; what was passed over."""
    hold_videos([video.pk])
    waiting = StashMatch.objects.select_for_update().filter(video=video, state=MatchState.REVIEW)
    rows, now = list(waiting.order_by("pk")), timezone.now()
    for row in rows:
        row.state, row.decided_at, row.updated_at = MatchState.PASSED, now, now
        row.decided_by_id = context.current().user_id
    StashMatch.objects.bulk_update(rows, ["state", "decided_at", "decided_by", "updated_at"])
    return rows


@transaction.atomic
def open_again(video: Video) -> list[StashMatch]:
    """Let all that was rejected or passed over of a video wait again, and return it; what was
    taken of others stays."""
    hold_videos([video.pk])
    closed = StashMatch.objects.select_for_update().filter(video=video, state__in=CLOSED)
    rows = list(closed.order_by("pk"))
    reopen(rows)
    return rows


@transaction.atomic
def take_back(matches: Iterable[StashMatch]) -> None:
    """Let candidates wait for review again; what they changed is undone, with whom they passed.

    Raises ChangedSince if what they changed was changed again.
    """
    matches = list(matches)
    ids = [match.pk for match in matches]
    hold_videos({match.video_id for match in matches})
    rows = StashMatch.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    entries = {row.entry for row in rows if row.entry and row.state in TAKEN}
    for entry in AuditEntry.objects.filter(pk__in=entries).order_by("-pk"):
        try:
            undo.undo(entry)
        except undo.AsBefore:  # somebody did so by hand
            continue
    reopen(StashMatch.objects.filter(pk__in=ids).order_by("pk"))


def search(video: Video, box: StashBox, text: str) -> list[StashMatch]:
    """Make what a box finds by words candidates for a video, the likeliest first.

    What was rejected isn't offered again. Raises BoxError.
    """
    with StashBoxClient(box) as client:
        scenes = client.search_scenes(text, limit=_FOUND_AT_ONCE)
    found = _offer(video, box, [scene for scene in scenes if not scene.deleted], Source.TEXT)
    return [match for match in found if match.state != MatchState.REJECTED]


def is_reference(text: str) -> bool:
    """Whether ``paste`` takes it: an address, or an id."""
    text = text.strip()
    return bool(_UUID.fullmatch(text)) or text.lower().startswith(("http://", "https://"))


def paste(video: Video, text: str) -> StashMatch:
    """Make a scene a candidate that is named by its address or id, even one that was rejected.

    An id is looked for in all boxes, in their order; an address that is no box's is read as a web
    page. Raises NothingThere, BoxError, and what reading a page raises.
    """
    text = text.strip()
    boxes = in_order()
    if not _UUID.fullmatch(text):
        boxes = [box for box in boxes if _host(box.url) == _host(text)]
        if not boxes:
            return _only(scrape_url(video, text))
    found = _UUID.search(text)
    for box in boxes if found else []:
        with StashBoxClient(box) as client:
            scene = client.find_scene(found[0].lower()) if found else None
        if scene is not None and not scene.deleted:
            return _only(_offer(video, box, [scene], Source.PERSON))
    raise NothingThere("No stash-box has this scene: check the address or the id.")


@transaction.atomic
def link_performer(
    match: StashMatch, remote_id: str, *, performer: Performer | None = None
) -> Performer:
    """Say who somebody in a candidate is here, or make a performer of them if nobody is given.

    Of sources without ids the name becomes an alias. A new one whose name is taken is told apart
    by the box's name and id. Raises NotInCandidate, NameTaken, AnswerRefused, RowGone.
    """
    remote = _in_cast(read_scene(match.payload), remote_id)
    if performer is None:
        performer = _made(match, remote)
    if match.box and remote.id:
        link(performer, match.box, survivor(remote))
        return performer
    if performer.pk not in (held := hold_people({performer.pk})):
        raise audit.RowGone(f"{performer} was deleted meanwhile.")
    performer = held[performer.pk]
    names = {performer.name.lower(), *(alias.lower() for alias in performer.aliases)}
    if remote.name.lower() in names or len(names) > _MOST_ALIASES:
        return performer
    return audit.update(performer, {"aliases": [*performer.aliases, remote.name]})


def _in_cast(scene: RemoteScene, remote_id: str) -> RemotePerformer:
    """By the id or, of sources without ids, the name."""
    for each in scene.performers:
        one = each.performer
        if remote_id in (one.id, survivor(one)) or (not one.id and remote_id == one.name):
            return one
    raise NotInCandidate("The candidate names no such performer: read it again.")


def _made(match: StashMatch, remote: RemotePerformer) -> Performer:
    apart = f"{match.box.name if match.box else match.source} {survivor(remote)[:8]}".strip()
    for disambiguation in (remote.disambiguation, apart):
        try:
            with transaction.atomic():
                return make_performer(match.box_id, remote, disambiguation=disambiguation)
        except IntegrityError:
            continue
    raise NameTaken(f"There is {remote.name} ({apart}) already: choose them.")


def _offer(
    video: Video, box: StashBox, scenes: Sequence[RemoteScene], source: Source
) -> list[StashMatch]:
    """Keep scenes as candidates to review; a person who names one wants to see it again."""
    facts = facts_of([video.pk]).get(video.pk)
    if facts is None:
        raise audit.RowGone(f"{video} was deleted meanwhile.")
    judged = [(scene, judge(facts, scene)) for scene in scenes]
    with transaction.atomic():
        kept = keep({video.pk: [(box, source, *each, MatchState.REVIEW) for each in judged]})
        again = {MatchState.PASSED}
        if source == Source.PERSON:
            again.add(MatchState.REJECTED)
        reopen([match for match in kept if match.state in again])
        rows = StashMatch.objects.select_related("box", "video").in_bulk([m.pk for m in kept])
    return [rows[match.pk] for match in kept]


def _only(found: Sequence[StashMatch]) -> StashMatch:
    if not found:
        raise NothingThere("Nothing is said of a video there: check the address.")
    return found[0]


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

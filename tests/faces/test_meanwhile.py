"""What people say while a machine is at work, or another one is, outlives it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.faces.choices import ProposalKind, Verdict
from apps.faces.models import Identity, Proposal, Track
from apps.faces.services import changes, identities, proposals, verdicts
from apps.faces.services.regroup import regroup
from apps.faces.services.wipe import wipe
from tests.faces.factories import alike, make_identity, make_track, person
from tests.factories import make_performer, make_video

pytestmark = pytest.mark.django_db

ANNA, BERT = person(1), person(2)


def after(deed: Callable[[], object]) -> Callable[[], AbstractContextManager[None]]:
    """A guard that somebody is quicker than."""

    @contextmanager
    def guard() -> Iterator[None]:
        deed()
        with transaction.atomic():
            yield

    return guard


def annas(count: int, identity: Identity | None, *, first: int = 1) -> list[Track]:
    return [make_track(vector=alike(ANNA, 0.8, first + n), identity=identity) for n in range(count)]


def of(track: Track) -> int | None:
    return Track.objects.get(pk=track.pk).identity_id


class TestRegrouping:
    def test_leaves_who_was_named_meanwhile(self) -> None:
        small, large = make_identity(), make_identity()
        [one, two] = annas(2, small)
        annas(4, large, first=20)

        regroup(guard=after(lambda: verdicts.name(small, make_performer())))

        small.refresh_from_db()
        assert {of(one), of(two)} == {small.pk}
        assert small.merged_into is None

    def test_brings_nobody_to_who_was_named_meanwhile(self) -> None:
        small, large = make_identity(), make_identity()
        [one, two] = annas(2, small)
        annas(4, large, first=20)

        regroup(guard=after(lambda: verdicts.name(large, make_performer())))

        assert {of(one), of(two)} == {small.pk}

    def test_leaves_a_face_beside_which_another_came_in(self) -> None:
        small, large = make_identity(), make_identity()
        video = make_video()
        beside = make_track(video, vector=alike(ANNA, 0.8, 1), identity=small)
        [other] = annas(1, small, first=2)
        annas(4, large, first=20)

        regroup(guard=after(lambda: make_track(video, vector=BERT, identity=large)))

        small.refresh_from_db()
        assert (of(beside), of(other), small.merged_into) == (small.pk, large.pk, None)

    def test_goes_on_where_somebody_was_merged_or_wiped_meanwhile(self) -> None:
        small, large, known = make_identity(), make_identity(), make_identity()
        [one, two] = annas(2, small)
        annas(4, large, first=20)

        regroup(guard=after(lambda: verdicts.merge(large, into=known)))
        assert {of(one), of(two)} == {small.pk}

        regroup(guard=after(lambda: wipe(known)))
        assert {of(one), of(two)} == {small.pk}

    def test_proposes_nothing_of_who_was_wiped_meanwhile(self) -> None:
        named, unknown = make_identity(make_performer()), make_identity()
        for track in annas(3, named):
            Track.objects.filter(pk=track.pk).update(verdict=Verdict.CONFIRMED)
        annas(3, unknown, first=20)

        regroup(guard=after(lambda: wipe(unknown)))

        assert not Proposal.objects.exists()


def _undo(track: Track, _identity: Identity) -> None:
    changes.undo(verdicts.confirm([track.pk]))


def _take(track: Track, identity: Identity) -> None:
    proposal = Proposal.objects.create(
        kind=ProposalKind.ASSIGN, identity=track.identity, other=identity, tracks=[track.pk],
        similarity=0.6, digest="d",
    )  # fmt: skip
    proposals.take(proposal)


@pytest.mark.parametrize(
    "deed",
    [
        lambda track, _identity: verdicts.confirm([track.pk]),
        lambda track, identity: verdicts.assign([track.pk], identity),
        lambda _track, identity: verdicts.name(identity, make_performer()),
        lambda track, identity: identities.make_best(track.identity, track),
        _undo, _take,
    ],
    ids=["confirm", "assign", "name", "best", "undo", "take"],
)  # fmt: skip
def test_nothing_is_read_before_ones_turn_that_is_written_then(deed: Any) -> None:
    track, identity = make_track(identity=make_identity()), make_identity()

    with CaptureQueriesContext(connection) as asked:
        deed(track, identity)

    told = [each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]]
    first = next(at for at, sql in enumerate(told) if '"faces_' in sql and "INSERT" not in sql)
    turn = next(at for at, sql in enumerate(told) if "pg_advisory_xact_lock" in sql)
    assert turn < first

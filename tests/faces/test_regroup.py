"""Grouping anew: steady, undoable, and never against what a person said."""

import random
from typing import Any

import numpy as np
import pytest
from django.db import connection
from numpy.typing import NDArray

from apps.core.undo import Contested
from apps.faces.choices import ChangeKind, Engine, ProposalKind, ProposalState, Verdict
from apps.faces.models import Apart, FaceChange, Identity, Proposal, Rejection, Track
from apps.faces.services import changes, proposals, verdicts
from apps.faces.services.regroup import foresee, regroup
from apps.faces.services.regroup.reading import read_faces
from apps.faces.tasks.grouping import request_regroup
from apps.faces.tasks.naming import request_names
from apps.jobs.services import claims
from apps.library.models import Performer
from tests.faces.factories import alike, make_identity, make_track, person
from tests.factories import make_video

pytestmark = pytest.mark.django_db

ANNA, BERT, CARA = person(1), person(2), person(3)


def make_tracks(middle: NDArray[np.float32], count: int, **values: object) -> list[Track]:
    first = values.pop("first", 1)
    assert isinstance(first, int)
    return [
        make_track(vector=alike(middle, 0.8, first + n), **values)  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_faces_of_one_moment_are_found_however_few_there_seem_to_be() -> None:
    """Nobody has counted the rows since they were written: the server takes them for one."""
    video = make_video()
    one, other = (make_track(video, vector=ANNA, times_ms=[0, at]).pk for at in (1_000, 2_000))
    make_track(video, times_ms=[3_000])
    plans = []

    def explain(execute: Any, sql: str, params: Any, many: bool, told: Any) -> Any:
        if "one.times_ms" in sql:
            with told["connection"].connection.cursor() as cursor:
                plans.append(str(cursor.execute(f"EXPLAIN {sql}").fetchall()))
        return execute(sql, params, many, told)

    with connection.execute_wrapper(explain):
        faces = read_faces(Engine.YUNET_SFACE)

    assert [sorted(faces.ids[pair].tolist()) for pair in faces.moments] == [[one, other]]
    assert "Nested Loop" not in plans[0]


def whose() -> dict[int, int | None]:
    return dict(Track.objects.values_list("pk", "identity_id"))


def sets() -> set[frozenset[int]]:
    found: dict[int | None, set[int]] = {}
    for track, identity in whose().items():
        found.setdefault(identity, set()).add(track)
    return {frozenset(tracks) for tracks in found.values()}


def test_finds_people_among_the_unplaced() -> None:
    annas, berts = make_tracks(ANNA, 4), make_tracks(BERT, 3, first=20)

    plan = foresee()
    change = regroup()

    assert (plan.assigned, plan.started, plan.splits, plan.merges) == (7, 2, 0, 0)
    assert {sample["faces"] for sample in plan.samples} == {4, 3}
    assert sets() == {frozenset(t.pk for t in annas), frozenset(t.pk for t in berts)}
    assert change is not None
    assert change.kind == ChangeKind.REGROUP
    assert Identity.objects.get(pk=whose()[annas[0].pk]).track_count == 4


def test_again_nothing_changes() -> None:
    make_tracks(ANNA, 4)
    make_tracks(BERT, 3, first=20)
    make_track(vector=CARA, norm=9.5)
    regroup()
    before, made = whose(), FaceChange.objects.count()

    assert regroup() is None
    assert (whose(), FaceChange.objects.count()) == (before, made)
    assert foresee().samples == []


def test_the_order_of_rows_does_not_matter() -> None:
    made = [alike(middle, 0.75, n) for middle in (ANNA, BERT, CARA) for n in range(1, 5)]
    found = []
    for seed in (1, 2):
        order = list(range(len(made)))
        random.Random(seed).shuffle(order)
        tracks = {make_track(vector=made[number]).pk: number for number in order}
        regroup()
        found.append({frozenset(tracks[pk] for pk in each) for each in sets()})
        Track.objects.all().delete()
    assert found[0] == found[1]


def test_parts_of_a_person_become_one_and_the_larger_goes_on() -> None:
    small, large = make_identity(), make_identity()
    make_tracks(ANNA, 2, identity=small)
    make_tracks(ANNA, 4, identity=large, first=20)

    plan, change = foresee(), regroup()

    assert (plan.merges, plan.moved, plan.splits) == (1, 2, 0)
    assert set(whose().values()) == {large.pk}
    small.refresh_from_db()
    assert small.merged_into_id == large.pk
    assert change is not None
    changes.undo(change, Contested.REFUSE)
    small.refresh_from_db()
    assert (small.merged_into_id, small.track_count) == (None, 2)


def test_two_in_one_identity_are_told_apart() -> None:
    mixed = make_identity()
    annas = make_tracks(ANNA, 4, identity=mixed)
    berts = make_tracks(BERT, 3, identity=mixed, first=20)

    plan = foresee()
    regroup()

    assert (plan.splits, plan.moved, plan.started) == (1, 3, 1)
    assert {whose()[t.pk] for t in annas} == {mixed.pk}
    assert len({whose()[t.pk] for t in berts}) == 1


def test_what_belongs_to_nobody_is_taken_back() -> None:
    mixed = make_identity()
    make_tracks(ANNA, 3, identity=mixed)
    unclear = make_track(vector=BERT, norm=9.5, identity=mixed)

    assert foresee().taken_back == 1
    regroup()
    assert whose()[unclear.pk] is None


def test_two_of_a_moment_are_never_one() -> None:
    video = make_video()
    make_tracks(ANNA, 3)
    one, other = (make_track(video, vector=alike(ANNA, 0.9, n)) for n in (50, 51))

    regroup()

    assert whose()[one.pk] != whose()[other.pk]


def test_confirmed_faces_stay_and_others_are_only_proposed() -> None:
    named = make_identity(Performer.objects.create(name="Anna"))
    make_tracks(ANNA, 2, identity=named, verdict=Verdict.CONFIRMED)
    wrong = make_tracks(BERT, 3, identity=named, first=20)
    unknown = make_identity()
    berts = make_tracks(BERT, 4, identity=unknown, first=40)
    before = whose()

    assert regroup() is None

    assert whose() == before
    proposal = Proposal.objects.get()
    assert proposal.kind == ProposalKind.ASSIGN
    assert (proposal.identity, proposal.other) == (named, unknown)
    assert proposal.tracks == [track.pk for track in wrong]
    proposals.take(proposal)
    assert {whose()[t.pk] for t in [*wrong, *berts]} == {unknown.pk}
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.TAKEN
    with pytest.raises(proposals.ProposalDecided):
        proposals.refuse(proposal)


def test_waiting_faces_come_to_the_named() -> None:
    named = make_identity(Performer.objects.create(name="Anna"))
    make_tracks(ANNA, 2, identity=named, verdict=Verdict.CONFIRMED)
    waiting = make_tracks(ANNA, 2, first=20)

    regroup()

    assert {whose()[t.pk] for t in waiting} == {named.pk}


def test_an_unknown_like_somebody_named_is_proposed_as_the_same_and_kept_apart_when_refused() -> (
    None
):
    named = make_identity(Performer.objects.create(name="Anna"))
    make_tracks(ANNA, 2, identity=named, verdict=Verdict.CONFIRMED)
    unknown = make_identity()
    make_tracks(ANNA, 3, identity=unknown, first=20)

    assert regroup() is None
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.identity, proposal.other) == ("merge", unknown, named)

    proposals.refuse(proposal)
    assert Apart.objects.count() == 1
    assert regroup() is None
    assert list(Proposal.objects.values_list("state", flat=True)) == ["refused"]


def test_a_merge_that_is_taken_is_made() -> None:
    one, other = (make_identity(settled=True) for _ in range(2))
    make_tracks(ANNA, 3, identity=one)
    make_tracks(ANNA, 4, identity=other, first=20)
    regroup()

    proposals.take(Proposal.objects.get())

    assert set(whose().values()) == {other.pk}
    assert regroup() is None
    assert not Proposal.objects.filter(state=ProposalState.OPEN).exists()


def test_a_settled_one_who_is_two_is_proposed_to_be_split() -> None:
    settled = make_identity(settled=True)
    make_tracks(ANNA, 5, identity=settled)
    berts = make_tracks(BERT, 3, identity=settled, first=20)

    assert regroup() is None
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.tracks) == ("split", [t.pk for t in berts])

    proposals.refuse(proposal)
    assert {t.verdict for t in Track.objects.filter(pk__in=proposal.tracks)} == {"confirmed"}
    assert regroup() is None


def test_a_refused_assignment_is_a_rejection() -> None:
    settled, unknown = make_identity(settled=True), make_identity()
    make_tracks(ANNA, 5, identity=settled)
    berts = make_tracks(BERT, 3, identity=settled, first=20)
    make_tracks(BERT, 4, identity=unknown, first=40)
    regroup()

    proposals.refuse(Proposal.objects.get(kind=ProposalKind.ASSIGN))

    assert Rejection.objects.filter(identity=unknown).count() == len(berts)
    regroup()
    assert not Proposal.objects.filter(kind=ProposalKind.ASSIGN, state="open").exists()


def test_rejected_faces_never_come_back() -> None:
    named = make_identity(Performer.objects.create(name="Anna"))
    make_tracks(ANNA, 3, identity=named, verdict=Verdict.CONFIRMED)
    track = make_track(vector=ANNA)
    Rejection.objects.create(track=track, identity=named)

    regroup()

    assert whose()[track.pk] not in (None, named.pk)


def test_what_was_judged_to_be_nobody_stays_so() -> None:
    make_tracks(ANNA, 3)
    ignored = make_track(vector=ANNA, verdict=Verdict.IGNORED)

    regroup()

    assert whose()[ignored.pk] is None


def test_what_a_person_split_stays_split() -> None:
    tracks = make_tracks(ANNA, 6)
    regroup()
    identity = Identity.objects.get(pk=whose()[tracks[0].pk])
    verdicts.split(identity, [tracks[0].pk, tracks[1].pk])
    before = whose()

    assert regroup() is None
    assert whose() == before
    assert not Proposal.objects.exists()


def test_one_job_at_a_time_is_asked_for() -> None:
    assert request_regroup() == request_regroup()


def test_work_that_has_begun_is_followed_by_what_is_asked_for_then() -> None:
    first = request_names()
    assert request_names() == first
    assert claims.claim("cpu", worker="x:1") == first

    later = request_names()

    assert later != first
    assert request_names() == later

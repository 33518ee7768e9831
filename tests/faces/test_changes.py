"""Changes of who is who: whole, written down, undone."""

import pytest

from apps.core import context, undo
from apps.core.models import AuditEntry
from apps.core.undo import ChangedSince, Contested, NotUndoable
from apps.faces.choices import ChangeKind, Verdict
from apps.faces.models import Apart, FaceChange, Identity, Rejection, Track
from apps.faces.services import changes, identities, verdicts
from apps.faces.services.changes import (
    MoveWanted,
    NothingToChange,
    RejectedBefore,
    SameMoment,
    Stale,
    StaleFaces,
)
from tests.faces.factories import make_identity, make_track
from tests.factories import make_performer, make_user, make_video

pytestmark = pytest.mark.django_db


def state() -> dict[str, list[tuple]]:
    """All that a change may touch."""
    return {
        "tracks": list(
            Track.objects.order_by("pk").values_list(
                "pk", "identity_id", "verdict", "verdict_by_id", "verdict_at"
            )
        ),
        "identities": list(
            Identity.objects.filter(track_count__gt=0)
            .order_by("pk")
            .values_list("pk", "performer_id", "ignored", "merged_into_id", "track_count",
                         "video_count", "confirmed_count", "settled")
        ),
        "rejections": sorted(Rejection.objects.values_list("track_id", "identity_id")),
    }  # fmt: skip


class TestApplying:
    def test_moves_faces_and_writes_down_what_it_did(self) -> None:
        user = make_user()
        one, other = make_identity(), make_identity()
        tracks = [make_track(identity=one) for _ in range(3)]
        identities.recount([one.pk])

        with context.acting(context.Actor(user_id=user.pk)):
            change = changes.apply(
                ChangeKind.ASSIGN,
                [MoveWanted([t.pk for t in tracks[:2]], other.pk, Verdict.CONFIRMED)],
            )

        [move] = change.moves.all()
        entry = AuditEntry.objects.get(pk=change.entry)
        other.refresh_from_db()
        one.refresh_from_db()
        assert (move.source, move.target, sorted(move.tracks)) == (
            one.pk, other.pk, [t.pk for t in tracks[:2]],
        )  # fmt: skip
        assert (one.track_count, other.track_count, other.confirmed_count) == (1, 2, 2)
        assert other.best_id in {t.pk for t in tracks[:2]}
        assert (entry.row_count, entry.user_id) == (2, user.pk)
        told = {row.object_id: row.changes for row in entry.rows.all()}
        assert told == {one.pk: {"track_count": [3, 1]}, other.pk: {"track_count": [0, 2]}}
        assert set(Track.objects.filter(identity=other).values_list("verdict_by", flat=True)) == {
            user.pk
        }

    def test_costs_as_many_statements_for_many_as_for_few(
        self, django_assert_max_num_queries
    ) -> None:
        one, other = make_identity(), make_identity()
        tracks = [make_track(identity=one).pk for _ in range(12)]
        changes.apply(ChangeKind.ASSIGN, [MoveWanted(tracks[-1:], other.pk)])

        with django_assert_max_num_queries(25) as few:
            changes.apply(ChangeKind.ASSIGN, [MoveWanted(tracks[:2], other.pk)])
        with django_assert_max_num_queries(25) as many:
            changes.apply(ChangeKind.ASSIGN, [MoveWanted(tracks[2:-2], other.pk)])

        assert len(many.captured_queries) == len(few.captured_queries)

    def test_refuses_faces_that_are_elsewhere(self) -> None:
        one, other, third = (make_identity() for _ in range(3))
        track = make_track(identity=third)

        with pytest.raises(StaleFaces) as refused:
            changes.apply(ChangeKind.ASSIGN, [MoveWanted([track.pk], other.pk, source=one.pk)])

        assert refused.value.code == "stale_faces"
        assert not FaceChange.objects.exists()

    def test_leaves_what_a_person_judged_alone_if_a_machine_asks(self) -> None:
        one, other = make_identity(), make_identity()
        judged = make_track(identity=one, verdict=Verdict.CONFIRMED)
        said = make_track(identity=one)
        free = make_track(identity=one)
        Rejection.objects.create(track=said, identity=other)

        moves = [MoveWanted([judged.pk, said.pk, free.pk], other.pk, source=one.pk)]
        changes.apply(ChangeKind.REGROUP, moves, stale=Stale.LEAVE)

        assert list(Track.objects.filter(identity=other)) == [free]

    def test_never_puts_two_faces_of_a_moment_together(self) -> None:
        video, other = make_video(title="Two of them"), make_identity()
        make_track(video, identity=other, times_ms=[1_000, 2_000])
        late = make_track(video, times_ms=[2_000, 3_000])

        with pytest.raises(SameMoment, match=r"“Two of them” at 0:00:02.000"):
            changes.apply(ChangeKind.ASSIGN, [MoveWanted([late.pk], other.pk)])

    def test_takes_faces_of_a_moment_to_two_places_at_once(self) -> None:
        video, one, other = make_video(), make_identity(), make_identity()
        first = make_track(video, identity=one)
        second = make_track(video, identity=other)

        changes.apply(
            ChangeKind.ASSIGN,
            [MoveWanted([first.pk], other.pk), MoveWanted([second.pk], one.pk)],
        )

        first.refresh_from_db()
        assert first.identity == other

    def test_never_takes_a_face_to_whom_it_is_said_not_to_be(self) -> None:
        other = make_identity()
        track = make_track()
        Rejection.objects.create(track=track, identity=other)

        with pytest.raises(RejectedBefore):
            changes.apply(ChangeKind.ASSIGN, [MoveWanted([track.pk], other.pk)])

    def test_has_nothing_come_to_whom_was_merged_away(self) -> None:
        gone = make_identity(merged_into=make_identity())
        track = make_track()

        with pytest.raises(StaleFaces):
            changes.apply(ChangeKind.ASSIGN, [MoveWanted([track.pk], gone.pk)])

    def test_writes_nothing_where_nothing_changes(self) -> None:
        one = make_identity()
        track = make_track(identity=one)

        with pytest.raises(NothingToChange):
            changes.apply(ChangeKind.ASSIGN, [MoveWanted([track.pk], one.pk)])

        assert not AuditEntry.objects.filter(object_type="faces.identity").exists()


class TestUndoing:
    def test_gives_back_faces_names_and_verdicts_as_they_were(self) -> None:
        user, performer = make_user(), make_performer()
        one, other = make_identity(performer), make_identity()
        with context.acting(context.Actor(user_id=user.pk)):
            tracks = [make_track(identity=one) for _ in range(3)]
            verdicts.confirm([tracks[0].pk])
        make_track(identity=other)
        identities.recount([other.pk])
        before = state()
        change = verdicts.merge(one, into=other)

        changes.undo(change)

        assert state() == before
        change.refresh_from_db()
        assert change.undone_at is not None

    def test_is_undone_itself(self) -> None:
        one, other = make_identity(), make_identity()
        [make_track(identity=each) for each in (one, one, other)]
        identities.recount([one.pk, other.pk])
        change = verdicts.merge(one, into=other)
        merged = state()

        again = changes.undo(changes.undo(change))

        assert state() == merged
        assert again.kind == ChangeKind.UNDO
        change.refresh_from_db()
        assert change.undone_at is None

    def test_gives_a_split_back(self) -> None:
        one = make_identity()
        tracks = [make_track(identity=one) for _ in range(3)]
        identities.recount([one.pk])
        before = state()

        changes.undo(verdicts.split(one, [tracks[0].pk]))

        one.refresh_from_db()
        assert state() == before

    def test_asks_about_what_was_judged_since(self) -> None:
        one, other = make_identity(), make_identity()
        tracks = [make_track(identity=one) for _ in range(2)]
        change = verdicts.assign([track.pk for track in tracks], other)
        verdicts.not_a_face([tracks[0].pk])

        with pytest.raises(ChangedSince):
            changes.undo(change)
        kept = changes.undo(change, Contested.KEEP)

        tracks[0].refresh_from_db()
        tracks[1].refresh_from_db()
        assert tracks[0].verdict == Verdict.NOT_A_FACE
        assert (tracks[1].identity, tracks[1].verdict) == (one, Verdict.NONE)
        assert kept.summary["faces"] == 1

    def test_overwrites_it_if_asked(self) -> None:
        one, other = make_identity(), make_identity()
        track = make_track(identity=one)
        change = verdicts.assign([track.pk], other)
        verdicts.not_a_face([track.pk])

        changes.undo(change, Contested.OVERWRITE)

        track.refresh_from_db()
        assert (track.identity, track.verdict) == (one, Verdict.NONE)

    def test_minds_no_machine_that_placed_what_was_taken_away(self) -> None:
        one, elsewhere = make_identity(), make_identity()
        track = make_track(identity=one)
        change = verdicts.reject([track.pk])
        Track.objects.filter(pk=track.pk).update(identity=elsewhere)

        changes.undo(change)

        track.refresh_from_db()
        assert track.identity == one
        assert not Rejection.objects.exists()

    def test_takes_faces_to_whom_their_identity_was_merged_into(self) -> None:
        one, other, third = (make_identity() for _ in range(3))
        track = make_track(identity=one)
        change = verdicts.assign([track.pk], other)
        make_track(identity=third)
        verdicts.merge(one, into=third)

        changes.undo(change)

        track.refresh_from_db()
        assert track.identity == third

    def test_has_unjudged_faces_of_the_same_moment_make_way(self) -> None:
        video, one, other = make_video(), make_identity(), make_identity()
        track = make_track(video, identity=one)
        change = verdicts.assign([track.pk], other)
        newcomer = make_track(video, identity=one)

        changes.undo(change)

        track.refresh_from_db()
        newcomer.refresh_from_db()
        assert track.identity == one != newcomer.identity

    def test_has_nothing_left_to_do_twice(self) -> None:
        one, other = make_identity(), make_identity()
        track = make_track(identity=one)
        change = verdicts.assign([track.pk], other)
        changes.undo(change)

        with pytest.raises(NotUndoable):
            changes.undo(change)

    def test_has_nothing_to_do_where_the_same_was_said_since(self) -> None:
        one, other = make_identity(settled=True), make_identity(settled=True)
        change = verdicts.keep_apart(one, other)
        Apart.objects.all().delete()

        with pytest.raises(NotUndoable):
            changes.undo(change)

    def test_says_which_faces_are_gone(self) -> None:
        one, other = make_identity(), make_identity()
        tracks = [make_track(identity=one) for _ in range(2)]
        change = verdicts.assign([track.pk for track in tracks], other)
        tracks[0].delete()

        undone = changes.undo_entry(AuditEntry.objects.get(pk=change.entry))

        assert undone.lost == ["1 of the faces, wiped or found anew since"]


class TestTheAudit:
    def test_undoes_changes_of_faces(self) -> None:
        one, other = make_identity(), make_identity()
        track = make_track(identity=one)
        change = verdicts.assign([track.pk], other)
        entry = AuditEntry.objects.get(pk=change.entry)

        foreseen = undo.foresee(entry)
        undone = undo.undo_many(entry, Contested.REFUSE)

        track.refresh_from_db()
        assert undo.is_offered(entry)
        assert (foreseen.changed, foreseen.contested) == (1, 0)
        assert isinstance(undone, undo.Undone)
        assert track.identity == one
        assert undo.permissions(entry) == ("faces.change_identity", "library.change_video")

    def test_foresees_what_stands_against_it(self) -> None:
        one, other, third = (make_identity() for _ in range(3))
        track = make_track(identity=one)
        change = verdicts.assign([track.pk], other)
        verdicts.assign([track.pk], third)

        foreseen = undo.foresee(AuditEntry.objects.get(pk=change.entry))

        assert foreseen.contested == 1
        assert [sample.object_id for sample in foreseen.conflicts] == [third.pk]

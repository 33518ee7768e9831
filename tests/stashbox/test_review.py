"""What people decide about candidates."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core import context, undo
from apps.core.models import AuditEntry
from apps.library.models import Performer, Tag, Video
from apps.library.services.videos import edit_video
from apps.stashbox.choices import Kind, MatchState, Source
from apps.stashbox.models import RemoteLink, StashBox, StashMatch
from apps.stashbox.schema import AnswerRefused
from apps.stashbox.services import review
from apps.stashbox.services.apply import FIELDS
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.services.submit import foresee
from tests.factories import make_performer, make_user, make_video
from tests.stashbox.factories import make_box, make_match, remote_performer, scene
from tests.stashbox.standin import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Iterator[int]:
    """Who acts in the test."""
    user = make_user()
    with context.acting(context.Actor(user_id=user.pk)):
        yield user.pk


def states(*matches: StashMatch) -> list[str]:
    known = StashMatch.objects.in_bulk([match.pk for match in matches])
    return [known[match.pk].state for match in matches]


class TestAccept:
    def test_applies_and_passes_over_all_others_of_the_video(self, person: int) -> None:
        video = make_video()
        match, same_box, elsewhere = (make_match(video, box=box) for box in _boxes(2, 1))
        rejected = make_match(video, state=MatchState.REJECTED)
        another = make_match()

        accepted = review.accept(match)

        video.refresh_from_db()
        assert video.title == match.payload["title"]
        assert video.provenance["title"]["by"] == person
        assert states(match, same_box, elsewhere, rejected, another) == [
            "accepted", "passed", "passed", "rejected", "review",
        ]  # fmt: skip
        assert (accepted.decided_by_id, accepted.entry) == (
            person, AuditEntry.objects.about(video).get().pk,
        )  # fmt: skip

    def test_of_single_fields_goes_over_what_a_person_gave_but_not_over_locks(
        self, person: int
    ) -> None:
        video = make_video(locked_fields=["date"])
        edit_video(video, {"title": "mine", "details": "mine"})
        match, other = make_match(video), make_match(video)

        review.accept(match, fields=["title", "date"])

        video.refresh_from_db()
        assert (video.title, video.details, video.date) == (match.payload["title"], "mine", None)
        assert states(match, other) == ["accepted", "review"]
        review.accept(match, fields=["details"])
        video.refresh_from_db()
        assert video.details == match.payload["details"]

    def test_of_single_fields_does_not_say_that_it_is_that_scene(self) -> None:
        video, box = make_video(), make_box(may_submit=True)
        match, another = make_match(video, box=box), make_match(video, box=box)

        review.accept(match, fields=["title"])
        assert (_links(), list(foresee(box))) == ([], [])

        review.accept(another)  # so another one still can be
        review.accept(match, fields=["date"], decides=True)
        assert _links() == [another.remote_id]
        assert {gift.scene_id for gift in foresee(box)} == {another.remote_id}

    def test_of_single_fields_by_a_person_who_says_that_it_is_it(self) -> None:
        match = make_match()

        review.accept(match, fields=["title"], decides=True)
        review.accept(match, fields=["date"])

        assert _links() == [match.remote_id]

    def test_as_a_whole_after_some_fields(self) -> None:
        match = make_match()
        review.accept(match, fields=["title"])

        review.accept(match)

        assert _links() == [match.remote_id]
        match.video.refresh_from_db()
        assert match.video.date

    def test_as_a_whole_after_all_fields_can_be_taken_back(self) -> None:
        match = make_match(make_video("clip"))
        review.accept(match, fields=FIELDS)
        review.accept(match)

        review.take_back([match])

        match.video.refresh_from_db()
        assert (match.video.title, states(match)) == ("clip", ["review"])

    def test_twice_is_refused(self) -> None:
        match = make_match()
        review.accept(match)

        with pytest.raises(review.DecidedAlready) as refused:
            review.accept(match)

        assert (refused.value.code, refused.value.status) == ("decided_already", 409)
        assert AuditEntry.objects.filter(object_type="library.video").count() == 1

    def test_of_what_is_unknown_or_unreadable_is_refused(self) -> None:
        with pytest.raises(review.UnknownField):
            review.accept(make_match(), fields=["path"])
        with pytest.raises(AnswerRefused):
            review.accept(make_match(payload={}))

    def test_of_one_that_was_rejected_is_for_people_to_decide(self) -> None:
        match = make_match(state=MatchState.REJECTED)

        review.accept(match)

        assert states(match) == ["accepted"]


def _links() -> list[str]:
    links = RemoteLink.objects.filter(kind=Kind.SCENE)
    return list(links.values_list("remote_id", flat=True))


class TestOthers:
    def test_reject_is_for_good(self, person: int) -> None:
        match = make_match()

        rejected = review.reject(match)

        assert (rejected.state, rejected.decided_by_id) == (MatchState.REJECTED, person)
        assert states(match) == ["rejected"]

    def test_reject_of_what_was_accepted_is_refused(self) -> None:
        match = make_match()
        review.accept(match)

        with pytest.raises(review.DecidedAlready):
            review.reject(match)

    def test_skip_passes_over_what_waits(self) -> None:
        video = make_video()
        waiting, rejected = make_match(video), make_match(video, state=MatchState.REJECTED)

        assert review.skip(video) == [waiting]

        assert states(waiting, rejected) == ["passed", "rejected"]

    def test_take_back_undoes_what_was_accepted_and_opens_what_was_passed_over(self) -> None:
        video = make_video("clip")
        match, other = make_match(video), make_match(video)
        review.accept(match)

        review.take_back([match])

        video.refresh_from_db()
        assert (video.title, video.provenance, video.tag_ids) == ("clip", {}, [])
        assert states(match, other) == ["review", "review"]
        assert not RemoteLink.objects.filter(kind=Kind.SCENE).exists()

    def test_take_back_opens_what_was_skipped_or_rejected(self) -> None:
        skipped, rejected = make_match(), make_match()
        review.skip(skipped.video)
        review.reject(rejected)

        review.take_back([skipped, rejected])

        assert states(skipped, rejected) == ["review", "review"]

    def test_all_of_a_video_is_opened_again_but_what_was_taken(self) -> None:
        video = make_video()
        taken, passed, rejected = (make_match(video, box=box) for box in _boxes(1, 1, 1))
        review.accept(taken)
        StashMatch.objects.filter(pk=rejected.pk).update(state=MatchState.REJECTED)

        assert review.open_again(video) == [passed, rejected]

        assert states(taken, passed, rejected) == ["accepted", "review", "review"]
        assert review.open_again(video) == []

    def test_take_back_of_what_a_person_changed_since_is_refused(self) -> None:
        match = make_match()
        review.accept(match)
        edit_video(match.video, {"title": "mine"})

        with pytest.raises(undo.ChangedSince):
            review.take_back([match])

        assert states(match) == ["accepted"]


class TestLinkPerformer:
    def test_says_who_it_is(self) -> None:
        remote = remote_performer("Jane")
        match = make_match(of=scene(performers=[remote]))
        make_performer("Jane"), make_performer("Jane", disambiguation="II")
        somebody = make_performer("Somebody")

        assert review.link_performer(match, remote.id, performer=somebody) == somebody

        review.accept(match)
        assert list(match.video.performers.all()) == [somebody]

    def test_makes_somebody_told_apart_where_the_name_is_taken(self, person: int) -> None:
        remote = remote_performer("Jane", gender="FEMALE")
        box = make_box("Box")
        match = make_match(box=box, of=scene(performers=[remote]))
        make_performer("Jane")

        jane = review.link_performer(match, remote.id)

        assert (jane.disambiguation, jane.gender) == (f"Box {remote.id[:8]}", "female")
        assert RemoteLink.objects.get(remote_id=remote.id).performer == jane
        assert jane.provenance["name"]["by"] == person

    def test_corrects_a_link(self) -> None:
        remote = remote_performer("Jane")
        match = make_match(of=scene(performers=[remote]))
        review.link_performer(match, remote.id)
        other = make_performer("Other")

        review.link_performer(match, remote.id, performer=other)
        review.link_performer(match, remote.id, performer=other)

        assert RemoteLink.objects.get(remote_id=remote.id).performer == other
        told = f"{match.box}: {remote.id}"
        entries = AuditEntry.objects.filter(changes__has_key="stash_box").order_by("pk")
        assert [(one.object_name, one.changes["stash_box"]) for one in entries] == [
            (remote.name, [None, told]), ("Other", [None, told]), (remote.name, [told, None]),
        ]  # fmt: skip

    def test_of_a_source_without_ids_makes_the_name_an_alias(self) -> None:
        match = make_match(of=scene(performers=[remote_performer("J. Doe", id="")]))
        StashMatch.objects.filter(pk=match.pk).update(box=None, source=Source.SIDECAR)
        match.refresh_from_db()
        jane = make_performer("Jane")

        review.link_performer(match, "J. Doe", performer=jane)

        jane.refresh_from_db()
        assert jane.aliases == ["J. Doe"]

    def test_of_nobody_in_it_is_refused(self) -> None:
        with pytest.raises(review.NotInCandidate):
            review.link_performer(make_match(), "nobody")


class TestSearch:
    def test_makes_candidates_to_review_but_not_of_what_was_rejected(
        self, box: StashBox, standin: StandIn
    ) -> None:
        found = standin.data.add_scene(title="Golden hour at the lake")
        standin.data.add_scene(title="Something else")
        video = make_video()

        [match] = review.search(video, box, "golden hour")

        assert (match.remote_id, match.state, match.source) == (found, "review", Source.TEXT)
        review.reject(match)
        assert review.search(video, box, "golden hour") == []
        [again] = review.search(make_video(), box, "golden hour")
        assert again.pk != match.pk

    def test_shows_again_what_was_skipped(self, box: StashBox, standin: StandIn) -> None:
        standin.data.add_scene(title="Golden hour")
        video = make_video()
        review.search(video, box, "golden")
        review.skip(video)

        assert [each.state for each in review.search(video, box, "golden")] == ["review"]

    @pytest.mark.parametrize("form", ["{id}", "{site}/scenes/{id}", " {site}/scenes/{id}?a=1#b "])
    def test_paste_takes_ids_and_addresses_even_of_what_was_rejected(
        self, box: StashBox, standin: StandIn, form: str
    ) -> None:
        wanted = standin.data.add_scene(title="Wanted")
        text = form.format(id=wanted, site=standin.url.removesuffix("/graphql"))
        video = make_video()
        assert review.is_reference(text)

        match = review.paste(video, text)
        review.reject(match)
        again = review.paste(video, text)

        assert (again.pk, again.remote_id, again.state) == (match.pk, wanted, "review")
        assert again.payload["title"] == "Wanted"

    def test_paste_of_what_no_box_has_is_refused(self, box: StashBox) -> None:
        with pytest.raises(review.NothingThere):
            review.paste(make_video(), "00000000-0000-4000-8000-000000000000")

    def test_words_are_no_reference(self) -> None:
        assert not review.is_reference("golden hour")


class TestBulk:
    def test_takes_the_best_of_each_video_where_it_is_clearly_that(self) -> None:
        clear, passed = _of_one_video(95, 60)
        close, rival = _of_one_video(95, 90)
        [low] = _of_one_video(70)
        taken = make_match(score=99, state=MatchState.ACCEPTED)
        late = make_match(taken.video, score=99)
        everything = StashMatch.objects.all()

        foreseen = review.foresee_bulk(everything, 80)
        untouched = Tag.objects.count()
        accepted = review.accept_many(everything, 80)

        assert [match.pk for match in accepted] == [clear.pk]
        assert (foreseen["videos"], foreseen["candidates"], untouched) == (1, 4, 0)
        assert states(clear, passed, close, rival, low, late) == [
            "accepted", "passed", "review", "review", "review", "review",
        ]  # fmt: skip

    def test_of_several_boxes_the_best_one(self) -> None:
        video = make_video()
        one, other = make_match(video, score=90), make_match(video, score=91)

        assert review.accept_many(StashMatch.objects.all(), 80) == [other]
        assert states(one) == ["review"]

    def test_foretells_what_would_change(self) -> None:
        match = make_match(make_video("clip", details="here"), score=90)

        foreseen = review.foresee_bulk(StashMatch.objects.all(), 80)

        assert foreseen["fields"] == {
            "title": 1, "details": 0, "date": 1, "urls": 1, "studio": 1, "tags": 1,
            "performers": 1,
        }  # fmt: skip
        assert foreseen["makes"] == {"studio": 1, "tags": 1, "performers": 1}
        [sample] = foreseen["samples"]
        assert (sample["match"], sample["title"], sample["score"]) == (match.pk, "clip", 90)
        assert sample["changes"][0]["new"] == match.payload["title"]
        assert (Video.objects.get().title, Performer.objects.count()) == ("clip", 0)

    def test_costs_the_statements_of_few(self, django_assert_max_num_queries: Any) -> None:
        settings_of_all()  # made once
        box = make_box()
        counts = []
        for some in (2, 40):
            StashMatch.objects.all().delete()
            for _ in range(some):
                make_match(box=box, score=90)
            with django_assert_max_num_queries(30) as asked:
                review.foresee_bulk(StashMatch.objects.all(), 80)
            with django_assert_max_num_queries(80) as written:
                review.accept_many(StashMatch.objects.all(), 80)
            counts.append((len(asked), len(written)))

        assert counts[0] == counts[1]


def _boxes(*counts: int) -> Iterator[StashBox]:
    for count in counts:
        box = make_box()
        for _ in range(count):
            yield box


def _of_one_video(*scores: int) -> list[StashMatch]:
    video, box = make_video(), make_box()
    return [make_match(video, box=box, score=score) for score in scores]

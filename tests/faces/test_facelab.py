"""FaceLab's pages: what they show, what their forms do, who may, and what they cost."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.faces.choices import Band, Ground, ProposalKind, Verdict
from apps.faces.models import (
    Appearance,
    FaceChange,
    FaceLibrary,
    FaceSettings,
    Identity,
    Proposal,
    Track,
)
from apps.faces.services.identities import recount
from apps.faces.services.settings import settings_of_all
from apps.jobs.choices import JobState
from apps.library.models import Performer, PerformerImage
from tests.faces.factories import alike, make_identity, make_track, person, switch_on
from tests.factories import make_job, make_library, make_performer, make_user, make_video

pytestmark = pytest.mark.django_db
_FETCH = {"X-Requested-With": "fetch"}
_LAB = "/admin/faces/identity/lab/"
_KNOBS = "/admin/faces/identity/settings/"


def _someone(number: int, faces: int = 3, **values: Any) -> Identity:
    """An identity with faces that are alike, each in a video of its own."""
    identity = make_identity(middle=person(number), **values)
    for at in range(faces):
        vector = alike(person(number), 0.8, number * 100 + at + 1)
        make_track(vector=vector, identity=identity, similarity=0.8 - at / 100)
    recount([identity.pk])
    identity.refresh_from_db()
    return identity


def _many(number: int) -> None:
    """Rows as bare as can be, for what pages cost."""
    rows = [Identity(track_count=1 + at % 7) for at in range(number)]
    made = Identity.objects.bulk_create(rows)
    video = make_video()
    Track.objects.bulk_create(
        Track(video=video, identity=one, detector="x", size_px=50, quality=at, portrait=b"x")
        for at, one in enumerate(made)
    )


def _send(client: Client, deed: str, **values: Any) -> Any:
    return client.post(_LAB, {"deed": deed, **values}, headers=_FETCH)


def _shown(client: Client, **asked: Any) -> list[int]:
    return [card.pk for card in client.get(_LAB, asked).context["cards"]]


def _page(identity: Identity) -> str:
    return reverse("admin:faces_identity", args=[identity.pk])


class TestLists:
    def test_show_each_where_it_belongs_the_largest_first(self, browser: Client) -> None:
        small, large = _someone(1, 1), _someone(2, 3)
        named = _someone(3, 2, performer=make_performer("Ann"))
        ignored = _someone(4, 1, ignored=True)
        make_identity(merged_into=large, track_count=9)

        assert _shown(browser) == [large.pk, small.pk]
        assert _shown(browser, tab="named") == [named.pk]
        assert _shown(browser, tab="ignored") == [ignored.pk]
        assert _shown(browser, tab="confirm") == [named.pk]
        assert _shown(browser, tab="'", cursor="?") == [large.pk, small.pk]

    def test_are_narrowed_by_name_or_number(self, browser: Client) -> None:
        ann = _someone(1, 1, performer=make_performer("Ann Lee"))
        stranger = _someone(2, 1)

        assert _shown(browser, tab="named", text="lee") == [ann.pk]
        assert _shown(browser, text=f"unknown {stranger.pk}") == [stranger.pk]
        assert "Nobody is called so" in browser.get(_LAB, {"text": "%"}).content.decode()

    def test_learn_that_what_follows_on_a_verdict_was_done(self, browser: Client) -> None:
        def line() -> str:
            return browser.get(_LAB, {"fragment": "working"}).content.decode()

        before = line()
        make_job(JobState.SUCCEEDED, kind="faces.find")
        assert line() == before
        done = make_job(JobState.SUCCEEDED, kind="faces.recognise")

        assert f'data-last-done="{done.pk}"' in line()

    def test_say_who_the_nameless_may_be(self, browser: Client) -> None:
        identity = _someone(1, 1)
        candidate = {
            "performer_id": make_performer("<Ann>").pk, "similarity": 0.5, "one_in": 12_345.0,
            "margin": 0.1, "ground": Ground.LIBRARY, "exemplars": [],
        }  # fmt: skip
        Track.objects.update(candidates=[candidate], band=Band.SUGGESTED)
        broken, unlikely = _someone(2, 1), _someone(3, 1)
        Track.objects.filter(identity=broken).update(candidates=[{"name": 3}], band=Band.SUGGESTED)
        Track.objects.filter(identity=unlikely).update(candidates=[candidate])

        page = browser.get(_LAB).content.decode()

        cards = {card.pk: card for card in browser.get(_LAB).context["cards"]}
        assert cards[identity.pk].likely.strangers == "1 in 12,000 strangers"
        assert cards[broken.pk].likely is cards[unlikely.pk].likely is None
        assert "&lt;Ann&gt;?" in page

    def test_many_cost_the_queries_of_few(self, browser: Client) -> None:
        _many(3)
        browser.get(_LAB)
        with CaptureQueriesContext(connection) as few:
            browser.get(_LAB)
        _many(300)
        with CaptureQueriesContext(connection) as many:
            answer = browser.get(_LAB)

        assert len(many) == len(few)
        assert len(answer.context["cards"]) == 60
        seen, cursor = {card.pk for card in answer.context["cards"]}, answer.context["next"]
        more = browser.get(_LAB, {"cursor": cursor, "fragment": "more"})
        assert len(seen | {card.pk for card in more.context["cards"]}) == 120

    def test_say_what_there_is_to_do_where_there_is_nobody(self, browser: Client) -> None:
        assert "Find out who is in your videos" in browser.get(_LAB).content.decode()
        assert "data-show-fresh" in browser.get(_LAB).content.decode()
        switch_on(make_library())
        assert "No video was looked through yet" in browser.get(_LAB).content.decode()
        assert "No proposals" in browser.get(_LAB, {"tab": "proposals"}).content.decode()

    def test_say_what_is_under_way(self, browser: Client) -> None:
        switch_on(make_library())
        PerformerImage.objects.create(performer=make_performer("Ann"), image="a.jpg")
        assert _send(browser, "find").json()["href"] == ""
        page, line = browser.get(_LAB), browser.get(_LAB, {"fragment": "working"})
        _send(browser, "regroup")

        told = browser.get(_LAB, {"fragment": "working"}).context
        assert "by themselves as they are found" in page.content.decode()
        assert "Find faces" in line.content.decode()
        assert (told["others"], told["is_finding"]) == (2, True)  # pictures, and the grouping

    def test_offer_nothing_that_one_may_not(self) -> None:
        client, user = Client(), make_user()
        user.user_permissions.add(Permission.objects.get(codename="view_identity"))
        client.force_login(user)

        off = client.get(_LAB).content.decode()
        switch_on(make_library())
        on = client.get(_LAB).content.decode()

        assert "Ask whoever looks after MediaHub" in off
        assert "Switch it on" not in off
        assert 'value="find"' not in off + on

    def test_a_single_face_is_alike_to_nothing(self, browser: Client) -> None:
        one, few = _someone(1, 1, tightness=1.0), _someone(2, 2, tightness=0.9)

        cards = {card.pk: card.tightness for card in browser.get(_LAB).context["cards"]}

        assert cards == {one.pk: "", few.pk: "90 % alike"}

    def test_offer_people_by_name(self, browser: Client) -> None:
        ann, other = _someone(1, 1, performer=make_performer("Ann")), _someone(2, 2)

        def ask(**asked: Any) -> list[int]:
            told = browser.get(_LAB, {"fragment": "targets", **asked}).context["targets"]
            return [card.pk for card in told]

        assert ask() == [ann.pk]
        assert ask(text="an") == [ann.pk]
        assert ask(text=str(other.pk)) == [other.pk]
        assert ask(text="an", but=ann.pk) == []


class TestPerson:
    def test_shows_faces_by_likeness_outliers_last(self, browser: Client) -> None:
        identity = _someone(1, 12)
        odd = make_track(identity=identity, similarity=0.1)

        faces = browser.get(_page(identity)).context["faces"]

        assert [face.similarity for face in faces[:2]] == ["0.80", "0.79"]
        assert [face.pk for face in faces if face.outlier] == [odd.pk] == [faces[-1].pk]
        assert faces[0].href.endswith("/watch/?t=0")

    def test_faces_cost_the_queries_of_few(self, browser: Client) -> None:
        identity = _someone(1, 2)
        browser.get(_page(identity))
        with CaptureQueriesContext(connection) as few:
            browser.get(_page(identity))
        video = make_video()
        Track.objects.bulk_create(
            Track(video=video, identity=identity, detector="x", size_px=9, similarity=at / 400)
            for at in range(300)
        )
        with CaptureQueriesContext(connection) as many:
            answer = browser.get(_page(identity))

        assert len(many) == len(few)
        assert len(answer.context["faces"]) == 120
        seen = {face.pk for face in answer.context["faces"]}
        asked = {"cursor": answer.context["next"], "fragment": "more"}
        more = browser.get(_page(identity), asked).context["faces"]
        assert len(seen | {face.pk for face in more}) == 240

    def test_somebody_merged_leads_to_whom(self, browser: Client) -> None:
        end = _someone(1, 1)
        middle = make_identity(merged_into=end)
        first = make_identity(merged_into=middle)

        answer = browser.get(_page(first))

        assert (answer.status_code, answer["Location"]) == (302, _page(end))
        change = reverse("admin:faces_identity_change", args=[first.pk])
        assert browser.get(change)["Location"] == _page(first)

    def test_performers_lead_to_their_faces(self, browser: Client) -> None:
        known, other = make_performer("Ann"), make_performer("Berta")
        ann = _someone(1, 2, performer=known)

        pages = [
            browser.get(reverse("admin:library_performer_change", args=[one.pk])).content.decode()
            for one in (known, other)
        ]

        assert [_page(ann) in page for page in pages] == [True, False]
        assert (
            reverse("admin:library_performer_change", args=[known.pk])
            in browser.get(_page(ann)).content.decode()
        )

    def test_two_people_in_one_are_told_apart(self, browser: Client) -> None:
        identity = _someone(1, 5)
        assert browser.get(_page(identity), {"fragment": "split"}).context["suggested"] is None
        others = [make_track(identity=identity, vector=alike(person(2), 0.8, at)) for at in (7, 8)]

        suggested = browser.get(_page(identity), {"fragment": "split"}).context["suggested"]

        assert sorted(suggested.tracks) == [track.pk for track in others]

    def test_candidates_stand_side_by_side(self, browser: Client) -> None:
        ann = _someone(1, 2, performer=make_performer("Ann"))
        Track.objects.filter(identity=ann).update(verdict=Verdict.CONFIRMED)
        stranger = _someone(1, 1)

        answer = browser.get(_page(stranger), {"fragment": "who"})

        (candidate,) = answer.context["candidates"]
        assert (candidate.likely.name, len(candidate.faces)) == ("Ann", 2)
        is_likely = candidate.likely.one_in >= settings_of_all().suggest_one_in
        assert ("data-likely" in answer.content.decode()) is is_likely
        assert "strangers" in answer.content.decode()


class TestDeeds:
    def test_confirm_and_undo(self, browser: Client) -> None:
        identity = _someone(1)

        done = _send(browser, "confirm", identity=identity.pk, all=1).json()

        verdicts = Track.objects.filter(identity=identity).values_list("verdict", flat=True)
        assert set(verdicts) == {Verdict.CONFIRMED}
        assert done["touched"] == [identity.pk]
        undone = _send(browser, "undo", change=done["changes"])
        assert (undone.status_code, set(verdicts.all())) == (200, {""})
        again = _send(browser, "undo", change=done["changes"])
        assert again.status_code == 409

    def test_verdicts_on_chosen_faces(self, browser: Client) -> None:
        identity = _someone(1, 6)
        tracks = list(Track.objects.filter(identity=identity).order_by("pk"))
        for track, deed in zip(
            tracks, ["confirm", "reject", "not_a_face", "ignore_faces"], strict=False
        ):
            assert _send(browser, deed, track=track.pk).status_code == 200

        found = [Track.objects.get(pk=track.pk) for track in tracks]
        said = [(track.verdict, track.identity_id == identity.pk) for track in found]
        assert said == [
            (Verdict.CONFIRMED, True), ("", False), (Verdict.NOT_A_FACE, False),
            (Verdict.IGNORED, False), ("", True), ("", True),
        ]  # fmt: skip
        assert _send(browser, "clear", track=tracks[0].pk).status_code == 200
        assert _send(browser, "confirm", track="").status_code == 409

    def test_split_and_move(self, browser: Client) -> None:
        one, other = _someone(1, 4), _someone(2, 1)
        tracks = list(
            Track.objects.filter(identity=one).order_by("pk").values_list("pk", flat=True)
        )

        _send(browser, "split", identity=one.pk, track=f"{tracks[0]},{tracks[1]}")
        _send(browser, "assign", track=[tracks[2]], into=other.pk)

        now = dict(Track.objects.filter(pk__in=tracks).values_list("pk", "identity"))
        assert now[tracks[0]] == now[tracks[1]] not in (one.pk, other.pk)
        assert (now[tracks[2]], now[tracks[3]]) == (other.pk, one.pk)

    def test_merge_several_and_take_it_back_at_once(self, browser: Client) -> None:
        into, one, two = _someone(1, 3), _someone(2, 1), _someone(3, 1)

        done = _send(browser, "merge", identity=f"{one.pk},{two.pk}", into=into.pk).json()

        into.refresh_from_db()
        assert (into.track_count, len(done["changes"])) == (5, 2)
        _send(browser, "undo", change=",".join(map(str, done["changes"])))
        into.refresh_from_db()
        one.refresh_from_db()
        assert (into.track_count, one.track_count, one.merged_into_id) == (3, 1, None)
        assert _send(browser, "merge", identity=one.pk, into=one.pk).status_code == 409

    def test_what_a_merge_leaves_behind_is_told(self, browser: Client) -> None:
        video, one, into = make_video(), _someone(1, 1), _someone(2, 1)
        make_track(video, identity=one)
        make_track(video, identity=into)

        done = _send(browser, "merge", identity=one.pk, into=into.pk)
        refused = _send(browser, "merge", identity=one.pk, into=into.pk)

        assert "1 face stays behind" in done.json()["said"]
        assert refused.status_code == 409
        assert "are two people" in refused.json()["said"]

    def test_name_create_and_unname(self, browser: Client) -> None:
        one, other = _someone(1), _someone(2)
        ann = make_performer("Ann")

        _send(browser, "name", identity=one.pk, performer=ann.pk)
        made = _send(browser, "create", identity=other.pk, name=" Berta ").json()

        one.refresh_from_db()
        other.refresh_from_db()
        assert (one.performer, str(other.performer)) == (ann, "Berta")
        assert "Berta is a performer now" in made["said"]
        _send(browser, "unname", identity=one.pk)
        one.refresh_from_db()
        assert one.performer is None
        assert _send(browser, "create", identity=one.pk, name="  ").status_code == 409

    def test_two_of_one_name_become_one(self, browser: Client) -> None:
        ann = _someone(1, 2, performer=make_performer("Ann"))
        stranger = _someone(2, 1)

        done = _send(browser, "name", identity=stranger.pk, performer=ann.performer_id).json()

        assert done["href"] == _page(ann)

    def test_ignore_keep_apart_and_choose_the_first(self, browser: Client) -> None:
        one, other = _someone(1), _someone(2)
        face = Track.objects.filter(identity=one).order_by("-pk").first()
        assert face is not None

        _send(browser, "apart", identity=f"{one.pk},{other.pk}")
        _send(browser, "best", identity=one.pk, track=face.pk)
        apart = browser.get(_page(one)).context["apart"]
        _send(browser, "ignore", identity=other.pk)
        other.refresh_from_db()
        one.refresh_from_db()

        assert [card.pk for card in apart] == [other.pk]
        assert (other.ignored, one.best_id) == (True, face.pk)
        _send(browser, "ignore", identity=other.pk, on=0)
        other.refresh_from_db()
        assert not other.ignored
        assert _send(browser, "apart", identity=one.pk).status_code == 409

    def test_proposals_are_taken_or_refused(self, browser: Client) -> None:
        one, other = _someone(1), _someone(2)
        merge = Proposal.objects.create(
            kind=ProposalKind.MERGE, identity=one, other=other, similarity=0.7, digest="a"
        )
        refused = Proposal.objects.create(
            kind=ProposalKind.MERGE, identity=other, other=one, similarity=0.6, digest="b"
        )

        assert "the same person" in browser.get(_LAB, {"tab": "proposals"}).content.decode()
        _send(browser, "refuse", proposal=refused.pk)
        taken = _send(browser, "take", proposal=merge.pk)

        one.refresh_from_db()
        assert (taken.status_code, one.merged_into_id) == (200, other.pk)

    def test_without_a_script_they_lead_back(self, browser: Client) -> None:
        identity = _someone(1)

        answer = browser.post(_page(identity), {"deed": "ignore", "identity": identity.pk})

        assert (answer.status_code, answer["Location"]) == (302, _page(identity))
        assert browser.post(_LAB, {"deed": "?"}).status_code == 404


class TestPermissions:
    def test_those_who_only_look_change_nothing(self) -> None:
        identity, client, user = _someone(1), Client(), make_user()
        user.user_permissions.add(Permission.objects.get(codename="view_identity"))
        client.force_login(user)

        assert "data-may-change" not in client.get(_LAB).content.decode()
        assert _send(client, "confirm", identity=identity.pk, all=1).status_code == 403
        assert _send(client, "find").status_code == 403
        assert client.get(reverse("admin:faces_wipe_all")).status_code == 403
        assert not FaceChange.objects.exists()

    def test_pictures_are_for_those_who_may_see_faces(self, browser: Client) -> None:
        track = make_track()
        shot = track.shots.get()
        urls = [
            reverse("admin:faces_portrait", args=[track.pk]),
            reverse("admin:faces_crop", args=[shot.pk]),
        ]
        nobody = Client()
        nobody.force_login(make_user())

        for url in urls:
            answer = browser.get(url)
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
            assert answer["Cache-Control"].startswith("private")
            again = browser.get(url, headers={"If-None-Match": answer["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert nobody.get(url).status_code == 403
        gone = reverse("admin:faces_portrait", args=[10**9])
        assert browser.get(gone).status_code == 404


class TestVideo:
    def test_shows_who_is_when(self, browser: Client) -> None:
        video = make_video(duration_ms=100_000)
        ann = make_identity(make_performer("Ann"))
        make_track(video, identity=ann, times_ms=[10_000, 20_000, 60_000])
        make_track(video, identity=None, times_ms=[5_000])
        make_track(video, times_ms=[7_000], verdict=Verdict.NOT_A_FACE)

        answer = browser.get(reverse("admin:faces_video", args=[video.pk]))

        lines = answer.context["lines"]
        assert [line.name for line in lines] == ["Ann", "Nobody yet"]
        assert [(bar.left, bar.width, bar.said) for bar in lines[0].bars] == [
            ("10.00", "10.00", "0:10 to 0:20"), ("60.00", "0.60", "1:00"),
        ]  # fmt: skip
        assert lines[0].bars[0].href.endswith(f"/{video.pk}/watch/?t=10")

    def test_a_name_by_the_machine_is_confirmed_or_refused(self, browser: Client) -> None:
        video, ann = make_video(), make_performer("Ann")
        row = Appearance.objects.create(video=video, performer=ann, linked=False)
        page = reverse("admin:faces_video", args=[video.pk])

        answer = browser.post(page, {"deed": "confirm_appearance", "appearance": row.pk})
        row.refresh_from_db()
        assert (answer["Location"], row.confirmed) == (page, True)
        browser.post(page, {"deed": "refuse_appearance", "appearance": row.pk})
        row.refresh_from_db()
        assert (row.confirmed, row.refused) == (False, True)

    def test_a_face_that_was_confirmed_asks_nothing_more(self, browser: Client) -> None:
        video, ann = make_video(), make_identity(make_performer("Ann"))
        assert ann.performer is not None
        Appearance.objects.create(video=video, performer=ann.performer, linked=True)
        track = make_track(video, identity=ann)
        page = reverse("admin:faces_video", args=[video.pk])
        assert "named by the machine" in browser.get(page).content.decode()

        Track.objects.filter(pk=track.pk).update(verdict=Verdict.CONFIRMED)

        assert "named by the machine" not in browser.get(page).content.decode()

    def test_a_video_nobody_looked_through_says_so(self, browser: Client) -> None:
        page = browser.get(reverse("admin:faces_video", args=[make_video().pk]))

        assert "looked through for faces yet" in page.content.decode()


class TestKnobs:
    def test_are_saved_and_refused(self, browser: Client) -> None:
        values = {
            "engine": "yunet-sface-1", "detector_width_px": 640, "detector_score": 0.8,
            "minimum_size_px": 28, "minimum_norm": 9, "frames": 240, "apply_one_in": 5_000,
            "suggest_one_in": 20, "margin": 0.05,
        }  # fmt: skip
        saved = browser.post(_KNOBS, {"deed": "save", **values})
        refused = browser.post(_KNOBS, {"deed": "save", **values, "suggest_one_in": 9_000})

        assert (saved.status_code, refused.status_code) == (302, 200)
        assert FaceSettings.objects.get().apply_one_in == 5_000
        assert "must be surer" in refused.content.decode()

    def test_are_tried_without_being_saved(self, browser: Client) -> None:
        for number in (1, 2):
            identity = _someone(number, 3, performer=make_performer())
            Track.objects.filter(identity=identity).update(verdict=Verdict.CONFIRMED)
        asked = {field: value for field, value in _defaults().items() if value is not None}

        seen = browser.get(_KNOBS, {**asked, "fragment": "preview"})
        dry = browser.get(_KNOBS, {**asked, "fragment": "dry"})
        wrong = browser.get(_KNOBS, {**asked, "frames": "x", "fragment": "preview"})
        compared = browser.get(_KNOBS, {"fragment": "engines"})

        assert "6 confirmed faces of 2 people" in seen.content.decode()
        assert "Nothing would change" in dry.content.decode()
        assert "Frames of a video: Enter a whole number" in wrong.content.decode()
        assert "YuNet and SFace" in compared.content.decode()

    def test_a_library_is_switched_on(self, browser: Client) -> None:
        library = make_library()

        browser.post(_KNOBS, {"deed": "library", "library": library.pk, "enabled": 1})

        row = FaceLibrary.objects.get(library=library)
        assert (row.enabled, row.apply_names) == (True, False)

    def test_who_switches_on_is_led_to_where_people_come(self, browser: Client) -> None:
        values = {"deed": "library", "library": make_library().pk}

        on = browser.post(_KNOBS, {**values, "enabled": 1})
        again = browser.post(_KNOBS, {**values, "enabled": 1, "apply_names": 1})
        off = browser.post(_KNOBS, values, follow=True)

        assert (on["Location"], again["Location"]) == (_LAB, _KNOBS)
        assert "what is known stays until it is wiped" in off.content.decode()


def _defaults() -> dict[str, Any]:
    return {
        field.name: field.get_default()
        for field in FaceSettings._meta.fields
        if field.editable and field.name not in ("id", "locked_fields")
    }


class TestWiping:
    def test_says_what_goes_before_it_goes(self, browser: Client) -> None:
        identity = _someone(1)
        page = reverse("admin:faces_wipe", args=[identity.pk])

        assert "3 faces in 3 videos" in browser.get(page).content.decode()
        assert Track.objects.count() == 3
        assert browser.post(page, {"never_again": 1}).status_code == 302
        assert browser.get(reverse("admin:faces_wipe_all")).status_code == 200


def test_a_performer_is_made_only_by_those_who_may() -> None:
    identity = _someone(1)
    client, user = Client(), make_user()
    client.force_login(user)
    codes = ["view_identity", "change_identity", "change_video"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))

    assert _send(client, "create", identity=identity.pk, name="Ann").status_code == 403
    assert not Performer.objects.exists()


@pytest.mark.django_db
def test_who_is_who_is_said_by_those_who_may_change_videos() -> None:
    user, client = make_user(), Client()
    client.force_login(user)
    track = make_track(identity=_someone(1, 1, performer=make_performer()))
    may = Permission.objects.filter(codename__in=["view_identity", "change_identity"])
    user.user_permissions.set(may)

    assert _send(client, "confirm", track=track.pk).status_code == 403
    assert not client.get(_LAB).context["may_change"]
    user.user_permissions.add(Permission.objects.get(codename="change_video"))
    assert _send(client, "confirm", track=track.pk).status_code == 200

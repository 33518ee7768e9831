"""Faces and identities by the API."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.models import AuditEntry
from apps.faces.choices import Band, ProposalKind, Verdict
from apps.faces.models import Appearance, FaceLibrary, Identity, Proposal, Shot, Track
from apps.faces.services.identities import recount
from apps.faces.services.settings import settings_of_all
from apps.jobs.models import Job
from apps.library.models import Performer, PerformerImage, Video
from tests.client import Api
from tests.faces.factories import (
    alike,
    make_identity,
    make_track,
    person,
    picture,
    switch_on,
)
from tests.factories import make_library, make_performer, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Identity:
    """Known, with two faces in two videos, of which one is confirmed."""
    anna = make_identity(make_performer("Anna Fox"), middle=person(1))
    make_track(identity=anna, vector=person(1), verdict=Verdict.CONFIRMED)
    make_track(identity=anna, vector=alike(person(1), 0.8))
    recount([anna.pk])
    anna.refresh_from_db()
    return anna


@pytest.fixture
def unknown() -> Identity:
    unknown = make_identity(middle=person(2))
    for number in (1, 2, 3):
        make_track(identity=unknown, vector=alike(person(2), 0.8, number))
    recount([unknown.pk])
    unknown.refresh_from_db()
    return unknown


def _faces(identity: Identity) -> list[int]:
    return list(Track.objects.filter(identity=identity).order_by("pk").values_list("pk", flat=True))


class TestLists:
    def test_identities_by_what_they_are(self, api: Api, anna: Identity, unknown: Identity) -> None:
        passer_by, empty = make_identity(ignored=True), make_identity()
        merged = make_identity(merged_into=anna)

        def shown(**filters: str) -> list[int]:
            return [row["id"] for row in api.results("identities/", ordering="id", **filters)]

        assert shown() == [anna.pk, unknown.pk, passer_by.pk, empty.pk]
        assert shown(show="named") == [anna.pk]
        assert shown(show="unnamed") == [unknown.pk]
        assert shown(show="ignored") == [passer_by.pk]
        assert shown(show="to_confirm") == [anna.pk]
        assert shown(performer=str(anna.performer_id)) == [anna.pk]
        told = api.get(f"identities/{merged.pk}/").json()
        assert told["merged_into"] == anna.pk

    def test_what_an_identity_says(self, api: Api, anna: Identity) -> None:
        told = api.get(f"identities/{anna.pk}/").json()

        assert told["performer"] == {"id": anna.performer_id, "name": "Anna Fox"}
        assert (told["faces"], told["videos"], told["confirmed"]) == (2, 2, 1)
        assert told["best_face"] in _faces(anna)

    def test_faces_by_who_and_where(self, api: Api, anna: Identity, unknown: Identity) -> None:
        first = _faces(anna)[0]
        video = Track.objects.get(pk=first).video_id
        likely = make_track(band=Band.SUGGESTED)

        def shown(**filters: object) -> set[int]:
            return {row["id"] for row in api.results("faces/", **filters)}

        assert shown(video=video) == {first}
        assert shown(identity=unknown.pk) == set(_faces(unknown))
        assert shown(performer=anna.performer_id) == set(_faces(anna))
        assert shown(verdict="confirmed") == {first}
        assert shown(waiting="true") == {_faces(anna)[1], likely.pk}
        assert api.get("faces/", verdict="sure").status_code == 400
        assert api.get("faces/", who="anna").status_code == 400

    def test_who_appears_when(self, api: Api, anna: Identity) -> None:
        video = make_video()
        late = make_track(video, times_ms=[9_000, 10_000])
        early = make_track(video, times_ms=[1_500, 2_000], identity=anna)

        told = api.get(f"videos/{video.pk}/faces/").json()

        assert [face["id"] for face in told] == [early.pk, late.pk]
        assert told[0]["performer"]["name"] == "Anna Fox"
        assert (told[0]["start"], told[0]["end"], told[0]["times"]) == (1.5, 2.0, [1.5, 2.0])

    @pytest.mark.parametrize("address", ["identities/", "faces/", "faces/appearances/"])
    def test_many_rows_cost_the_queries_of_few(self, api: Api, address: str) -> None:
        def costs() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert api.results(address, page_size=500)
            return len(captured)

        def some(count: int) -> None:
            for _ in range(count):
                identity = make_identity(make_performer())
                track = make_track(identity=identity)
                assert track.video
                assert identity.performer
                Appearance.objects.create(
                    video=track.video, performer=identity.performer, linked=True
                )

        some(1)
        few = costs()
        some(6)
        assert costs() == few

    def test_pictures(self, api: Api) -> None:
        track = make_track(portrait=picture(7))
        shot = Shot.objects.get(track=track)
        none = make_track(portrait=b"")

        first = api.get(f"faces/{track.pk}/portrait/")
        again = api.http.get(first.wsgi_request.path, headers={"If-None-Match": first["ETag"]})

        assert (first.status_code, first["Content-Type"]) == (200, "image/webp")
        assert first.content == picture(7)
        assert "private" in first["Cache-Control"]
        assert again.status_code == 304
        assert api.get(f"faces/shots/{shot.pk}/").content == bytes(shot.crop)
        assert api.get(f"faces/{none.pk}/portrait/").status_code == 404
        assert first["Cache-Control"] == "private, max-age=300"  # a wiped face is soon gone


class TestVerdicts:
    def test_confirm_and_undo(self, api: Api, anna: Identity) -> None:
        told = api.post("faces/confirm/", {"faces": _faces(anna)})

        assert told.status_code == 200, told.content
        assert Track.objects.filter(identity=anna, verdict=Verdict.CONFIRMED).count() == 2
        undone = api.post(f"audit/{told.json()['entry']}/undo/")
        assert undone.status_code == 200, undone.content
        assert Track.objects.filter(identity=anna, verdict=Verdict.CONFIRMED).count() == 1

    def test_reject(self, api: Api, anna: Identity) -> None:
        wrong = _faces(anna)[1]

        assert api.post("faces/reject/", {"faces": [wrong]}).status_code == 200

        assert Track.objects.get(pk=wrong).identity_id != anna.pk

    def test_not_a_face_ignore_and_clear(self, api: Api, unknown: Identity) -> None:
        wall, passer_by, _ = _faces(unknown)

        assert api.post("faces/not-a-face/", {"faces": [wall]}).status_code == 200
        assert api.post("faces/ignore/", {"faces": [passer_by]}).status_code == 200

        said = dict(Track.objects.values_list("pk", "verdict"))
        assert (said[wall], said[passer_by]) == (Verdict.NOT_A_FACE, Verdict.IGNORED)
        assert api.post("faces/clear/", {"faces": [wall, passer_by]}).status_code == 200
        assert not Track.objects.judged().filter(pk__in=[wall, passer_by]).exists()

    def test_move(self, api: Api, anna: Identity, unknown: Identity) -> None:
        moved = _faces(unknown)[0]

        api.post("faces/assign/", {"faces": [moved], "identity": anna.pk})
        assert moved in _faces(anna)
        api.post("faces/assign/", {"faces": [moved], "identity": None})

        assert Track.objects.get(pk=moved).identity_id not in (anna.pk, unknown.pk, None)

    @pytest.mark.parametrize(
        "body", [{}, {"faces": []}, {"faces": ["a"]}, {"faces": [0]}, {"face": [1]}]
    )
    def test_what_makes_no_sense_is_refused(self, api: Api, body: object) -> None:
        assert api.post("faces/confirm/", body).status_code == 400

    def test_faces_that_are_gone_are_named(self, api: Api) -> None:
        told = api.post("faces/confirm/", {"faces": [999_999]})

        assert told.status_code in (400, 404, 409)
        assert told["Content-Type"] == "application/problem+json"


class TestWhoIsWho:
    def test_name(self, api: Api, unknown: Identity) -> None:
        told = api.post(f"identities/{unknown.pk}/assign/", {"name": "Berta Lind"})

        assert told.status_code == 200, told.content
        unknown.refresh_from_db()
        assert unknown.performer == Performer.objects.get(name="Berta Lind")
        assert api.post(f"identities/{unknown.pk}/assign/", {"performer": None}).status_code == 200
        unknown.refresh_from_db()
        assert unknown.performer is None

    def test_a_known_performer(self, api: Api, unknown: Identity) -> None:
        berta = make_performer("Berta Lind")

        api.post(f"identities/{unknown.pk}/assign/", {"performer": berta.pk})

        unknown.refresh_from_db()
        assert unknown.performer == berta
        gone = api.post(f"identities/{unknown.pk}/assign/", {"performer": 999_999})
        assert gone.status_code == 404
        both = {"performer": berta.pk, "name": "Berta"}
        assert api.post(f"identities/{unknown.pk}/assign/", both).status_code == 400

    def test_merge_split_and_keep_apart(self, api: Api, anna: Identity, unknown: Identity) -> None:
        faces = _faces(unknown)

        told = api.post(f"identities/{unknown.pk}/merge/", {"into": anna.pk})
        assert told.status_code == 200, told.content
        assert set(faces) <= set(_faces(anna))
        told = api.post(f"identities/{anna.pk}/split/", {"faces": faces})
        assert told.status_code == 200, told.content
        new = Track.objects.get(pk=faces[0]).identity
        assert new is not None
        assert new.pk not in (anna.pk, unknown.pk)
        other = make_identity()
        told = api.post(f"identities/{new.pk}/keep-apart/", {"other": other.pk})
        assert told.status_code == 200, told.content

    def test_ignore(self, api: Api, unknown: Identity) -> None:
        api.post(f"identities/{unknown.pk}/ignore/", {})
        unknown.refresh_from_db()
        assert unknown.ignored
        api.post(f"identities/{unknown.pk}/ignore/", {"ignored": False})
        unknown.refresh_from_db()
        assert not unknown.ignored

    def test_candidates(self, api: Api, anna: Identity) -> None:
        alike_her = make_identity(middle=alike(person(1), 0.9))
        make_track(identity=alike_her, vector=alike(person(1), 0.9))

        told = api.get(f"identities/{alike_her.pk}/candidates/").json()

        assert [one["name"] for one in told] == ["Anna Fox"]
        assert told[0]["one_in"] > 1
        assert told[0]["ground"] == "library"

    def test_avatar(self, api: Api, anna: Identity) -> None:
        assert api.post(f"identities/{anna.pk}/avatar/").status_code == 201
        assert PerformerImage.objects.get().performer == anna.performer

    def test_cover(self, api: Api, anna: Identity) -> None:
        face = _faces(anna)[0]

        assert api.post(f"faces/{face}/cover/").status_code == 202

        assert Video.objects.filter(cover_at_ms__isnull=False).count() == 1


class TestAppearances:
    def test_are_confirmed_and_refused(self, api: Api) -> None:
        one, other = make_performer(), make_performer()
        video = make_video(performers=[one, other])
        rows = [
            Appearance.objects.create(video=video, performer=performer, linked=True)
            for performer in (one, other)
        ]

        confirmed = api.post(f"faces/appearances/{rows[0].pk}/confirm/")
        refused = api.post(f"faces/appearances/{rows[1].pk}/refuse/")

        assert (confirmed.status_code, refused.status_code) == (200, 200), refused.content
        assert confirmed.json()["confirmed"] is True
        assert refused.json()["refused"] is True
        assert list(video.performers.all()) == [one]
        assert [row["id"] for row in api.results("faces/appearances/", refused="true")] == [
            rows[1].pk
        ]


class TestWork:
    def test_finding_and_wiping_are_jobs(self, api: Api, anna: Identity) -> None:
        library = make_library()

        answers = [
            api.post("faces/find/", {}),
            api.post("faces/recluster/", {}),
            api.post(f"identities/{anna.pk}/wipe/", {}),
            api.post("faces/wipe/", {"library": library.pk}),
            api.post("faces/wipe/", {"everything": True}),
        ]

        assert [answer.status_code for answer in answers] == [202] * 5
        assert Job.objects.count() == 5
        assert api.post("faces/find/", {"q": "nofield:1"}).status_code == 400
        assert api.post("faces/wipe/", {}).status_code == 400
        assert Track.objects.count() == 2  # nothing before the job runs

    def test_a_dry_run_of_too_many_is_left_to_a_shell(
        self, api: Api, anna: Identity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.faces.services.regroup._MOST_AT_ONCE", 1)

        told = api.post("faces/recluster/", {"dry_run": True})

        assert told.status_code == 400
        assert "manage.py faces group --dry-run" in told.json()["detail"]

    def test_a_dry_run_changes_nothing(self, api: Api, anna: Identity, unknown: Identity) -> None:
        before = list(Track.objects.order_by("pk").values_list("pk", "identity"))

        told = api.post("faces/recluster/", {"dry_run": True})

        assert told.status_code == 200, told.content
        assert {"splits", "merges", "assigned", "taken_back"} <= told.json().keys()
        assert list(Track.objects.order_by("pk").values_list("pk", "identity")) == before

    def test_proposals(self, api: Api, anna: Identity, unknown: Identity) -> None:
        rows = [
            Proposal.objects.create(
                kind=ProposalKind.MERGE, identity=unknown, other=anna, similarity=0.7, digest=digest
            )
            for digest in ("a", "b")
        ]

        assert api.post(f"faces/proposals/{rows[0].pk}/refuse/").status_code == 204
        assert [row["id"] for row in api.results("faces/proposals/", state="open")] == [rows[1].pk]


class TestSettings:
    def test_a_library_is_switched_on(self, api: Api) -> None:
        library = make_library()

        assert api.get(f"faces/libraries/{library.pk}/").json()["enabled"] is False
        told = api.patch(f"faces/libraries/{library.pk}/", {"enabled": True})

        assert told.json()["enabled"] is True
        assert FaceLibrary.objects.get().library == library
        assert AuditEntry.objects.filter(object_type="faces.facelibrary").exists()

    def test_values_are_checked(self, api: Api) -> None:
        version = settings_of_all().version

        assert api.patch("faces/settings/", {"frames": 100}).json()["frames"] == 100
        assert api.patch("faces/settings/", {"frames": 1}).status_code == 400
        for name in ("margin", "detector_score", "minimum_norm", "join_similarity"):
            assert api.patch("faces/settings/", {name: "NaN"}).status_code == 400
        assert api.patch("faces/settings/", {"framez": 100}).status_code == 400
        levels = {"apply_one_in": 20, "suggest_one_in": 500}
        assert api.patch("faces/settings/", levels).status_code == 400
        stale = {"If-Unmodified-Since-Version": str(version)}
        assert api.patch("faces/settings/", {"frames": 90}, **stale).status_code == 412

    def test_a_preview(self, api: Api, anna: Identity) -> None:
        switch_on(make_library())

        told = api.post("faces/settings/preview/", {"apply_one_in": 100})

        assert told.status_code == 200, told.content
        assert len(told.json()["edges"]) == len(told.json()["same"]) + 1
        assert settings_of_all().apply_one_in != 100

    def test_engines(self, api: Api) -> None:
        told = api.get("faces/engines/").json()

        assert {"yunet-sface-1", "yunet-dlib-1", "hog-dlib-1"} == {one["id"] for one in told}
        assert all(one["ok"] for one in told)
        assert api.get("faces/engines/compared/").status_code == 200


def test_whoever_may_not_see_faces_does_nothing_else_with_them(anna: Identity) -> None:
    user = make_user()
    may = ("change_performer", "change_video")
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    face = Track.objects.filter(identity=anna).first()
    assert face is not None
    seen = Appearance.objects.create(video=face.video, performer=anna.performer, linked=False)

    for path in (
        f"identities/{anna.pk}/avatar/", f"faces/{face.pk}/cover/",
        f"faces/appearances/{seen.pk}/confirm/", f"faces/appearances/{seen.pk}/refuse/",
    ):  # fmt: skip
        assert Api(user).post(path).status_code == 403


@pytest.mark.django_db
def test_who_is_who_is_said_by_those_who_may_change_videos() -> None:
    user = make_user()
    track = make_track(identity=make_identity(make_performer()))
    may = Permission.objects.filter(codename__in=["view_identity", "change_identity"])
    user.user_permissions.set(may)
    body = {"faces": [track.pk]}

    refused = Api(user).post("faces/confirm/", body)
    assert (refused.status_code, "library.change_video" in refused.content.decode()) == (403, True)
    change_video = Permission.objects.get(codename="change_video")
    user.user_permissions.add(change_video)
    assert Api(User.objects.get(pk=user.pk)).post("faces/confirm/", body).status_code == 200

    entry = AuditEntry.objects.filter(object_type="faces.identity").latest("pk")
    user.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    user.user_permissions.remove(change_video)
    undo = f"audit/{entry.pk}/undo/"
    assert Api(User.objects.get(pk=user.pk)).post(undo, {}).status_code == 403
    user.user_permissions.add(change_video)
    assert Api(User.objects.get(pk=user.pk)).post(undo, {}).status_code == 200

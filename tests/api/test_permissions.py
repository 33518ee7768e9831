"""Who may do what: every method of every address, for every role and scope."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.browse.models import SavedView
from apps.faces.choices import ProposalKind
from apps.faces.models import Appearance, Proposal
from apps.jobs.choices import JobState
from apps.jobs.models import Schedule
from apps.jobs.services.backup import backup
from apps.jobs.services.holds import hold
from apps.library.choices import LibraryState
from apps.library.models import PerformerImage
from apps.machines.models import Machine
from apps.mediaservers.choices import NoticeState
from apps.renaming.models import RenameBatch
from apps.rules.models import Rule as VideoRule
from apps.stashbox.models import PerformerLookup
from tests.client import Api
from tests.faces.factories import make_identity, make_track
from tests.factories import (
    NOON,
    make_artifact,
    make_custom_field,
    make_job,
    make_marker,
    make_performer,
    make_playlist,
    make_studio,
    make_tag,
    make_token,
    make_user,
    make_video,
)
from tests.mediaservers.factories import make_notice, make_server
from tests.stashbox.factories import make_box, make_match
from tests.transcodes.factories import make_rule, make_transcode

NOBODY = None
ROLES: list[Role | None] = [NOBODY, *Role]


@dataclass(frozen=True)
class Rule:
    """What a method of an address takes: at least a role, and of a token at least a scope."""

    method: str
    route: str
    role: Role | None
    scope: Scope | None
    status: int
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def _rules(text: str) -> Iterator[Rule]:
    for line in text.strip().splitlines():
        method, route, role, scope, status, *body = line.split(maxsplit=5)
        yield Rule(
            method, route, NOBODY if role == "-" else Role(role),
            None if scope == "-" else Scope(scope), int(status), body[0] if body else None,
        )  # fmt: skip


# the smallest picture there is
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)

# method, address, least role (-: whoever is logged in), least scope (-: no token), status, body
RULES = list(
    _rules("""
GET    libraries/                       viewer   read   200
POST   libraries/                       operator ops    201  {"name": "New", "root": "<folder>"}
GET    libraries/<library>/             viewer   read   200
PATCH  libraries/<library>/             operator ops    200  {"files_per_second": 9}
DELETE libraries/<library>/             operator ops    202
POST   libraries/<library>/scan/        operator ops    202  {}
POST   libraries/<library>/verify/      operator ops    202  {}
GET    libraries/<library>/status/      viewer   read   200
POST   libraries/<library>/forget-missing/ editor ops   200  {}
GET    files/                           viewer   read   200
GET    files/<file>/                    viewer   read   200
GET    files/lookup/?path=<path>        viewer   read   200
GET    files/why/?path=<path>           viewer   read   200
GET    files/export.ndjson              viewer   read   200
GET    files/export.csv                 viewer   read   200
POST   files/<file>/reprobe/            operator ops    202
POST   files/<file>/verify/             operator ops    202  {}
POST   files/<file>/accept-content/     operator ops    200
POST   files/reprobe/                   operator ops    202  {"ids": [<file>]}
GET    videos/                          viewer   read   200
GET    videos/fields/                   viewer   read   200
GET    videos/complete/                 viewer   read   200
GET    videos/facets/                   viewer   read   200
GET    videos/<video>/                  viewer   read   200
PATCH  videos/<video>/                  editor   write  200  {"rating": 5}
DELETE videos/<video>/                  editor   write  409
POST   videos/<video>/rescan/           operator ops    202  {}
POST   videos/rescan/                   operator ops    202  {"ids": [<video>]}
POST   videos/bulk/                     editor write  200  {"ids":[<video>],"changes":{"rating":5}}
POST   videos/make/                     operator ops    202  {"ids": [<video>]}
GET    media-servers/                   editor   read   200
POST   media-servers/                   operator ops    201  {"name": "new", "url": "http://a"}
GET    media-servers/<server>/          editor   read   200
PATCH  media-servers/<server>/          operator ops    200  {"enabled": false}
DELETE media-servers/<server>/          operator ops    204
POST   media-servers/<server>/test/     operator ops    200
POST   media-servers/<server>/preview/  operator ops    200  {"path": "/srv/a.mkv"}
GET    media-servers/notices/           editor   read   200
GET    media-servers/notices/<notice>/  editor   read   200
POST   media-servers/notices/again/     operator ops    200  {"ids": [<notice>]}
POST   videos/<video>/played/           viewer   write  200  {"to": 5}
GET    plays/                           viewer   read   200
GET    plays/<play>/                    viewer   read   404
GET    player-settings/                 viewer   read   200
PATCH  player-settings/                 viewer   write  200  {"play_next": false}
GET    browse-settings/                 viewer   read   200
PATCH  browse-settings/                 viewer   write  200  {"paging": "pages"}
GET    saved-views/                     viewer   read   200
POST   saved-views/                     viewer   write  201  {"name": "new"}
GET    saved-views/<view>/              viewer   read   200
PATCH  saved-views/<view>/              viewer   write  403  {"name": "x"}
DELETE saved-views/<view>/              viewer   write  403
GET    saved-views/counts/              viewer   read   200
GET    playlists/                       viewer   read   200
POST   playlists/                       viewer   write  201  {"name": "new"}
GET    playlists/<playlist>/            viewer   read   200
PATCH  playlists/<playlist>/            viewer   write  403  {"name": "x"}
DELETE playlists/<playlist>/            viewer   write  403
GET    playlists/<playlist>/videos/     viewer   read   200
GET    playlists/<playlist>/export.m3u8 viewer   read   200
POST   playlists/<playlist>/add/        viewer   write  403  {"ids": [<video>]}
POST   playlists/<playlist>/remove/     viewer   write  403  {"ids": [<video>]}
POST   playlists/<playlist>/move/       viewer   write  403  {"video": <video>, "after": null}
POST   playlists/<playlist>/duplicate/  viewer   write  201
GET    statistics/                      viewer   read   200
GET    performers/graph/                viewer   read   200
GET    videos/<video>/stream/           viewer   read   404
GET    videos/<video>/hls/master.m3u8   viewer   read   409
GET    videos/<video>/hls/<variant>/index.m3u8 viewer read 409
GET    videos/<video>/hls/<variant>/<piece> viewer read 409
GET    tags/                            viewer   read   200
POST   tags/                            editor   write  201  {"name": "new"}
GET    tags/<tag>/                      viewer   read   200
PATCH  tags/<tag>/                      editor   write  200  {"favorite": true}
DELETE tags/<tag>/                      editor   write  204
POST   tags/<tag>/merge/                editor   write  200  {"into": <other_tag>}
GET    performers/                      viewer   read   200
POST   performers/                      editor   write  201  {"name": "new"}
GET    performers/<performer>/          viewer   read   200
PATCH  performers/<performer>/          editor   write  200  {"favorite": true}
DELETE performers/<performer>/          editor   write  204
POST   performers/<performer>/merge/    editor   write  200  {"into": <other_performer>}
GET    performers/<performer>/images/<image>/ viewer read 200
DELETE performers/<performer>/images/<image>/ editor   write  204
POST   performers/<performer>/images/   editor   write  201  {"picture": "<png>"}
GET    studios/                         viewer   read   200
POST   studios/                         editor   write  201  {"name": "new"}
GET    studios/<studio>/                viewer   read   200
PATCH  studios/<studio>/                editor   write  200  {"favorite": true}
DELETE studios/<studio>/                editor   write  204
POST   studios/<studio>/merge/          editor   write  200  {"into": <other_studio>}
GET    markers/                         viewer   read   200
POST   markers/                         editor   write  201  {"video": <video>, "start": 1.5}
GET    markers/<marker>/                viewer   read   200
PATCH  markers/<marker>/                editor   write  200  {"title": "x"}
DELETE markers/<marker>/                editor   write  204
GET    videos/<video>/markers.vtt       viewer   read   200
GET    videos/<video>/markers.json      viewer   read   200
GET    videos/<video>/markers.edl       viewer   read   200
GET    videos/<video>/chapters.ffmetadata viewer read   200
POST   videos/<video>/markers/import/   editor   write  200  {"markers": []}
POST   videos/<video>/split/            editor   write  400  {"at": [0]}
POST   videos/<video>/chapters/write/   editor   write  409
GET    scans/                           viewer   read   200
GET    scans/<scan>/                    viewer   read   200
GET    scans/<scan>/compare/?with=<other_scan> viewer read 200
GET    scan-findings/                   viewer   read   200
GET    scan-findings/<finding>/         viewer   read   200
GET    custom-fields/                   viewer   read   200
POST   custom-fields/                   operator ops    201  {"key": "new", "label": "New"}
GET    custom-fields/<field>/           viewer   read   200
PATCH  custom-fields/<field>/           operator ops    200  {"label": "x"}
DELETE custom-fields/<field>/           operator ops    204
GET    artifacts/                       viewer   read   200
GET    artifacts/<artifact>/            viewer   read   200
GET    artifacts/<artifact>/file/       viewer   read   200
GET    artifacts/coverage/              viewer   read   200
POST   artifacts/generate/              operator ops    202  {"kinds": ["cover"]}
POST   artifacts/clean/                 operator ops    202  {}
POST   videos/<video>/cover/            editor   write  202  {"at": 1.5}
GET    jobs/                            editor   read   200
GET    jobs/<job>/                      editor   read   200
GET    jobs/<job>/log/                  editor   read   200
POST   jobs/<job>/cancel/               operator ops    200
POST   jobs/<job>/pause/                operator ops    200
POST   jobs/<paused_job>/resume/        operator ops    202
POST   jobs/<failed_job>/retry/         operator ops    202
POST   jobs/<job>/hurry/                operator ops    200
POST   jobs/<batch>/retry-failed/       operator ops    202  {}
POST   jobs/control/                    operator ops    200  {"deed": "hurry", "ids": [<job>]}
GET    jobs/backup/                     operator ops    200
POST   jobs/restore/                    operator ops    200  <backup>
GET    jobs/events/                     editor   read   200
GET    jobs/clusters/                   editor   read   200
GET    jobs/statistics/                 editor   read   200
GET    jobs/notices/                    editor   read   200
POST   jobs/notices/seen/               editor   write  204  {"until": "2026-01-01T00:00:00Z"}
GET    machines/                        editor   read   200
GET    machines/<machine>/              editor   read   200
PATCH  machines/<machine>/              operator ops    200  {"gpu_hold_c": 80}
POST   machines/<machine>/examine/      operator ops    204
GET    jobs/holds/                      editor   read   200
POST   jobs/holds/                      operator ops    201  {"queue": "net"}
GET    jobs/holds/<hold>/               editor   read   200
DELETE jobs/holds/<hold>/               operator ops    204
GET    jobs/schedules/                  editor   read   200
POST   jobs/schedules/                  operator ops    201  <order>
GET    jobs/schedules/<schedule>/       editor   read   200
PATCH  jobs/schedules/<schedule>/       operator ops    200  {"enabled": false}
DELETE jobs/schedules/<schedule>/       operator ops    204
POST   jobs/schedules/<schedule>/run/   operator ops    202
GET    renames/                         editor   read   200
POST   renames/                         editor   write  200  {"template": "{id}", "ids": [<video>]}
GET    renames/<rename>/                editor   read   200
GET    renames/<rename>/lines/          editor   read   200
POST   renames/<rename>/run/            editor   write  409
POST   renames/<rename>/undo/           editor   write  409  {}
GET    rules/                           editor   read   200
POST   rules/                           editor   write  201  {"name": "x", "changes": {"rating": 5}}
GET    rules/<rule>/                    editor   read   200
PATCH  rules/<rule>/                    editor   write  200  {"enabled": false}
DELETE rules/<rule>/                    editor   write  204
POST   rules/<rule>/run/                editor   write  202  {}
POST   rules/autotag/                   editor   write  200  {}
GET    rules/autotag/settings/          editor   read   200
PATCH  rules/autotag/settings/          editor   write  200  {"least_letters": 4}
GET    audit/                           editor   read   200
GET    audit/<entry>/                   editor   read   200
POST   audit/<entry>/undo/              editor   write  200  {}
GET    stash-boxes/                     editor   read   200
POST   stash-boxes/                     operator ops    201  {"name": "new", "url": "https://a.example"}
GET    stash-boxes/<box>/               editor   read   200
PATCH  stash-boxes/<box>/               operator ops    200  {"enabled": false}
DELETE stash-boxes/<box>/               operator ops    204
POST   stash-boxes/<box>/test/          operator ops    200
POST   stash-boxes/<box>/identify/      editor   write  202  {}
POST   stash-boxes/identify/            editor   write  202  {}
GET    stash-boxes/settings/            editor   read   200
PATCH  stash-boxes/settings/            operator ops    200  {"lead": 11}
GET    stash-boxes/matches/             viewer   read   200
GET    stash-boxes/matches/<match>/     viewer   read   200
POST   stash-boxes/matches/<match>/accept/ editor write 200  {}
POST   stash-boxes/matches/<match>/reject/ editor write 200
POST   stash-boxes/matches/<match>/reopen/ editor write 200
POST   stash-boxes/matches/reopen/      editor   write  200  {"video": <video>}
POST   stash-boxes/matches/<match>/link-performer/ editor write 200 {"remote_id": "<remote>"}
POST   stash-boxes/matches/accept/      editor   write  200  {"from_score": 80}
POST   stash-boxes/matches/search/      editor   write  404  {"video":1,"box":1,"text":"x"}
POST   stash-boxes/matches/paste/       editor   write  404  {"video": 1, "text": "x"}
POST   stash-boxes/matches/skip/        editor   write  204  {"video": <video>}
POST   stash-boxes/<box>/submit/        operator ops    202  {"dry_run": false}
POST   stash-boxes/<box>/drafts/        operator ops    202  {"video":<video>,"dry_run":false}
POST   stash-boxes/performers/search/   editor   write  404  {"performer":1,"box":1}
POST   stash-boxes/performers/link/     editor   write  404  {"performer":1,"box":1,"remote_id":"x"}
POST   stash-boxes/performers/unlink/   editor   write  200  {"performer":<performer>,"box":<box>}
POST   stash-boxes/performers/refresh/  editor   write  202  {}
GET    stash-boxes/performers/waiting/  viewer   read   200
GET    stash-boxes/performers/waiting/<lookup>/ viewer read 200
POST   stash-boxes/performers/waiting/<lookup>/confirm/ editor write 204 {"remote_id": "<remote>"}
POST   stash-boxes/performers/waiting/<lookup>/reject/ editor write 204 {"remote_id": "<remote>"}
POST   stash-boxes/performers/pictures/ editor   write  200  {"performer": <performer>}
POST   stash-boxes/performers/pictures/choose/ editor write 200 {"image": <image>}
GET    encoding-profiles/               editor   read   200
POST   encoding-profiles/               operator ops    201  {"name": "new", "suffix": ".x"}
GET    encoding-profiles/<profile>/     editor   read   200
PATCH  encoding-profiles/<profile>/     operator ops    200  {"enabled": false}
DELETE encoding-profiles/<profile>/     operator ops    409
GET    encoding-profiles/<profile>/command/?video=<video> editor read 200
GET    encoding-profiles/<profile>/versions/ editor read 200
POST   encoding-profiles/<profile>/roll-back/ operator ops 200 {"number": 1}
POST   encoding-profiles/<profile>/transcode/ operator write 202 {"ids": [<video>]}
GET    transcode-rules/                 editor   read   200
POST   transcode-rules/                 operator ops    201  {"name": "new", "profile": <profile>}
GET    transcode-rules/<transcode_rule>/ editor  read   200
PATCH  transcode-rules/<transcode_rule>/ operator ops   200  {"enabled": false}
DELETE transcode-rules/<transcode_rule>/ operator ops   204
POST   transcode-rules/<transcode_rule>/run/ operator write 202 {}
GET    transcodes/                      editor   read   200
POST   transcodes/                      operator write  409  {"video":<video>,"profile":<profile>}
GET    transcodes/<transcode>/          editor   read   200
POST   transcodes/<transcode>/restore/  operator write  409
POST   transcodes/empty-trash/          operator write  202  {}
GET    faces/                           editor   read   200
GET    faces/<face>/                    editor   read   200
GET    faces/<face>/portrait/           editor   read   200
GET    faces/shots/<shot>/              editor   read   200
GET    videos/<video>/faces/            editor   read   200
POST   faces/confirm/                   editor   write  200  {"faces": [<face>]}
POST   faces/reject/                    editor   write  200  {"faces": [<face>]}
POST   faces/not-a-face/                editor   write  200  {"faces": [<face>]}
POST   faces/ignore/                    editor   write  200  {"faces": [<face>]}
POST   faces/clear/                     editor   write  409  {"faces": [<face>]}
POST   faces/assign/                    editor   write  200  {"faces": [<face>], "identity": null}
POST   faces/<face>/cover/              editor   write  202
POST   faces/find/                      operator write  202  {}
POST   faces/recluster/                 operator write  202  {}
POST   faces/wipe/                      operator ops    202  {"everything": true}
GET    faces/appearances/               editor   read   200
GET    faces/appearances/<appearance>/  editor   read   200
POST   faces/appearances/<appearance>/confirm/ editor write 200
POST   faces/appearances/<appearance>/refuse/ editor write 200
GET    faces/proposals/                 editor   read   200
GET    faces/proposals/<proposal>/      editor   read   200
POST   faces/proposals/<proposal>/take/ editor   write  200
POST   faces/proposals/<proposal>/refuse/ editor write  204
GET    faces/settings/                  editor   read   200
PATCH  faces/settings/                  operator ops    200  {"frames": 77}
POST   faces/settings/preview/          editor   write  200  {}
GET    faces/engines/                   editor   read   200
GET    faces/engines/compared/          editor   read   200
GET    faces/libraries/<library>/       editor   read   200
PATCH  faces/libraries/<library>/       operator ops    200  {"enabled": true}
GET    identities/                      editor   read   200
GET    identities/<identity>/           editor   read   200
GET    identities/<identity>/candidates/ editor  read   200
POST   identities/<identity>/merge/     editor   write  200  {"into": <other_identity>}
POST   identities/<identity>/split/     editor   write  200  {"faces": [<face>]}
POST   identities/<identity>/assign/    editor   write  200  {"name": "Somebody"}
POST   identities/<identity>/ignore/    editor   write  200  {}
POST   identities/<identity>/keep-apart/ editor  write  200  {"other": <other_identity>}
POST   identities/<known>/avatar/       editor   write  201
POST   identities/<identity>/wipe/      operator ops    202  {}
GET    tokens/                          -        -      200
POST   tokens/                          -        -      201  {"scope": "read"}
GET    tokens/<token>/                  -        -      200
DELETE tokens/<token>/                  -        -      204
GET    status/                          operator read   200
GET    schema/                          -        read   200
GET    docs/                            -        read   200
""")
)


@pytest.fixture
def places(tmp_path: Path, api: Api) -> dict[str, Any]:
    """What the names in the table stand for."""
    folder, scanned = tmp_path / "new", tmp_path / "scanned"
    folder.mkdir()
    scanned.mkdir()
    video = make_video()
    assert video.primary_file
    type(video.library).objects.update(root=str(scanned), state=LibraryState.ONLINE)
    artifact = make_artifact(video)
    path = artifact.files["card"]["path"]
    default_storage.delete(path)
    default_storage.save(path, ContentFile(b"picture"))
    performer = make_performer()
    image = PerformerImage.objects.create(performer=performer, image=path)
    scan = video.library.scans.create(started_at=NOON)
    other_scan = video.library.scans.create(started_at=NOON)
    box = make_box(url="https://127.0.0.1:9/", allow_private=False, may_submit=True)
    match = make_match(video, box=box)
    server = make_server(url="https://127.0.0.1:9/", allow_private=False)
    notice = make_notice(server, state=NoticeState.FAILED)
    transcode = make_transcode(video=video)
    cast = match.payload["performers"][0]["performer"]
    lookup = PerformerLookup.objects.create(
        performer=performer, box=box, asked_at=NOON,
        candidates=[{"performer": cast, "equal": [], "other": []}],
    )  # fmt: skip
    identity, other_identity = make_identity(), make_identity()
    face, _ = make_track(video, identity=identity), make_track(identity=identity)
    known = make_identity(make_performer())
    make_track(identity=known)
    proposal = Proposal.objects.create(
        kind=ProposalKind.MERGE, identity=identity, other=other_identity, similarity=0.5, digest="1"
    )
    appearance = Appearance.objects.create(video=video, performer=performer, linked=False)
    batch = make_job(JobState.SUCCEEDED, is_batch=True)
    make_job(JobState.FAILED, parent=batch, item="a")
    order = {"kind": "library.scan_all", "cron": "0 3 * * *"}
    schedule = Schedule.objects.create(name="nightly", **order)
    entry = api.post("tags/", {"name": "first"}).headers["Location"]
    assert entry
    api.patch(entry, {"name": "second"})
    changed = api.results("audit/")[0]["id"]
    return {
        "folder": folder, "path": f"{scanned}/{video.path}", "library": video.library_id,
        "file": video.primary_file.pk, "video": video.pk, "tag": make_tag().pk,
        "other_tag": make_tag().pk, "performer": performer.pk,
        "other_performer": make_performer().pk, "studio": make_studio().pk,
        "other_studio": make_studio().pk, "marker": make_marker(video).pk,
        "field": make_custom_field().pk, "artifact": artifact.pk, "job": make_job().pk,
        "paused_job": make_job(JobState.PAUSED).pk, "failed_job": make_job(JobState.FAILED).pk,
        "entry": changed, "image": image.pk, "scan": scan.pk,
        "other_scan": other_scan.pk, "play": 1,  # nobody sees another's
        "batch": batch.pk, "backup": "".join(backup()), "hold": hold(queue="gpu").pk,
        "schedule": schedule.pk, "order": json.dumps({"name": "new", **order}),
        "finding": scan.findings.create(reason="empty", path="x").pk, "png": _PNG,
        "variant": "copy", "piece": "init.mp4",
        "rule": VideoRule.objects.create(name="rule", changes={"rating": 5}).pk,
        "rename": RenameBatch.objects.create(template="{title}").pk,
        "playlist": make_playlist([video], shared=True).pk,
        "server": notice.server_id, "notice": notice.pk,
        "match": match.pk, "box": box.pk, "remote": cast["id"], "lookup": lookup.pk,
        "identity": identity.pk, "other_identity": other_identity.pk, "known": known.pk,
        "face": face.pk, "shot": face.shots.get().pk, "proposal": proposal.pk,
        "appearance": appearance.pk,
        "machine": Machine.objects.create(
            name="nas.1a2b", host="nas", examined_at=timezone.now(), sampled_at=timezone.now()
        ).pk,
        "profile": transcode.profile.profile_id, "transcode": transcode.pk,
        "transcode_rule": make_rule(profile=transcode.profile.profile).pk,
        "view": SavedView.objects.create(name="View", owner=make_user(), shared=True).pk,
    }  # fmt: skip


def _ask(client: Api, rule: Rule, places: dict[str, Any]) -> int:
    """Send it, and take back whatever it did."""
    if client.user and "token" in rule.route:
        places = {**places, "token": make_token(client.user)[0].pk}
    route, body = rule.route, rule.body
    for name, value in places.items():
        route = route.replace(f"<{name}>", str(value))
        body = body and body.replace(f"<{name}>", str(value))
    route = route.replace("<token>", "1")
    save = transaction.savepoint()
    if rule.method == "GET":
        response = client.get(route)
        b"".join(response.streaming_content) if response.streaming else response.content
    else:
        response = client.send(rule.method, route, body, {})
    transaction.savepoint_rollback(save)
    status: int = response.status_code
    return status


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rule(rule: Rule, places: dict[str, Any]) -> None:
    roles = {role: _ask(Api(make_user(role)), rule, places) for role in ROLES}
    most, least = make_user(Role.ADMINISTRATOR), make_user()
    scopes = {
        scope: _ask(Api(most, token=make_token(most, scope)[1]), rule, places) for scope in Scope
    }
    exceeding = _ask(Api(least, token=make_token(least, Scope.OPS)[1]), rule, places)

    enough = ROLES.index(rule.role)
    assert roles == {
        role: rule.status if rank >= enough else 403 for rank, role in enumerate(ROLES)
    }
    enough = len(Scope) if rule.scope is None else list(Scope).index(rule.scope)
    assert scopes == {
        scope: rule.status if rank >= enough else 403 for rank, scope in enumerate(Scope)
    }
    assert exceeding == (rule.status if rule.role is NOBODY and rule.scope else 403)
    assert _ask(Api(), rule, places) == 401


@pytest.mark.parametrize("action", ["cancel", "pause", "resume", "retry", "control"])
def test_job_control_from_elsewhere_takes_an_ops_token(places: dict[str, Any], action: str) -> None:
    user, elsewhere = make_user(Role.OPERATOR), {"X-Forwarded-For": "203.0.113.7"}
    rule = next(rule for rule in RULES if rule.route.endswith(f"{action}/"))
    session, token = Api(user), Api(user, token=make_token(user, Scope.OPS)[1])
    session.headers = token.headers = elsewhere

    assert _ask(session, rule, places) == 403
    assert _ask(token, rule, places) == rule.status


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            actions = getattr(pattern.callback, "actions", None)
            view = getattr(pattern.callback, "cls", None)
            methods = actions or {m for m in ("get", "post", "patch", "delete") if hasattr(view, m)}
            yield route, {method.upper() for method in methods} - {"HEAD"}


def test_table_is_complete() -> None:
    resolver = next(r for r in get_resolver().url_patterns if str(r.pattern) == "api/v1/")
    served = set()
    for route, methods in _routes(resolver.url_patterns):
        if route == "^(?:.*/)?$":  # what answers 404
            continue
        plain = re.sub(r"\(\?P<\w+>[^)]*\)", "<>", route).replace("\\.", ".")
        served |= {f"{method} {plain.replace('^', '').replace('$', '')}" for method in methods}

    listed = {re.sub(r"<\w+>", "<>", str(rule)).partition("?")[0] for rule in RULES}
    assert served == listed

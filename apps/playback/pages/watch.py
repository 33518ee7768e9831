"""The page on which a video is watched, and the way to any other."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from apps.artifacts.models import Artifact
from apps.core.pages import AdminPage
from apps.library.models import Marker, Video, Viewing
from apps.library.pages.cards import picture_url
from apps.library.pages.panels import video_facts
from apps.library.search import Asker
from apps.playback.choices import ACTIONS
from apps.playback.models import PlayerSettings
from apps.playback.pages.media_type import media_type
from apps.playback.services.history import resume_ms
from apps.playback.services.order import read_list
from apps.playback.services.settings import settings_of
from apps.playback.services.shortcuts import keys_in_force

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_PLAYLIST = re.compile(r"playlist=([0-9]{1,18})", re.ASCII)
_DEEDS = {
    "add": "library.add_marker",
    "change": "library.change_marker",
    "remove": "library.delete_marker",
    "split": "library.change_video",
    "cover": "artifacts.change_artifact",
}


class WatchPage(AdminPage):
    """A video and its markers; ``?list=`` is the grid's query that it was chosen from, or
    ``?playlist=`` the playlist, ``?t=`` the second at which it begins.

    What the scripts need stands as JSON in the page, which costs the same number of queries
    whatever the video has.
    """

    title = "Watch"
    name = "playback_watch"
    route = "<int:video>/watch/"
    permission_required = "library.view_video"
    template_name = "admin/playback/watch.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        videos = Video.objects.select_related("primary_file", "studio", "library")
        video = get_object_or_404(videos, pk=kwargs.pop("video"))
        query = _list_asked(self.request)
        before, after = read_list(query, asker=Asker.of(self.request.user)).neighbours(video)
        user: Any = self.request.user
        chosen, made = settings_of(user), _made_from(video)
        viewing = Viewing.objects.filter(user_id=user.pk, video=video).first()
        can = {deed: user.has_perm(permission) for deed, permission in _DEEDS.items()}
        links = {
            "previous": watch_url(before, query) if before else "",
            "next": watch_url(after, query) if after else "",
            "random": reverse("admin:playback_random", query={"list": query, "but": video.pk}),
        }
        return super().get_context_data(
            title=video.title,
            video=video,
            is_audio=not video.width,
            facts=video_facts(video, now=timezone.now()),
            sprite=_address(made, "sprite", "vtt"),
            chapters=_address(made, "chapters", "vtt"),
            poster=_address(made, "cover", "full"),
            subtitles=_subtitles(made.get("subtitles")),
            grid=_came_from(query),
            before=before and (links["previous"], before.title),
            after=after and (links["next"], after.title),
            can=can,
            plays=viewing.play_count if viewing else 0,
            shown_keys=_shown_keys(chosen),
            player={
                **_facts(video, made),
                **links,
                "next_title": after.title if after else "",
                "resume": self._start_s(resume_ms(viewing, video.duration_ms) / 1_000),
                "markers": _markers(video),
                "can": can,
                "settings": _player(chosen),
            },
            **kwargs,
        )

    def _start_s(self, resume_s: float) -> float:
        """Where ``?t=`` says, in seconds, else where one stopped."""
        asked = self.request.GET.get("t", "")
        return float(asked) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", asked) else resume_s


class RandomPage(AdminPage):
    """Leads to any video of a list but the one that is named."""

    title = "Any video"
    name = "playback_random"
    route = "watch/random/"
    permission_required = "library.view_video"

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        query, but = _list_asked(request), request.GET.get("but", "")
        number = int(but) if but.isascii() and but.isdigit() and len(but) < 19 else 0
        found = read_list(query, asker=Asker.of(request.user)).random(but=number)
        if found is None:
            found = get_object_or_404(Video, pk=number)
        return redirect(watch_url(found, query))


def watch_url(video: Video, query: str = "") -> str:
    """Where a video is watched, as one of the list that a grid's query, or a playlist, is."""
    number = _playlist_in(query)
    parameters = {"playlist": number} if number else {"list": query} if query else None
    return reverse("admin:playback_watch", args=[video.pk], query=parameters)


def _list_asked(request: HttpRequest) -> str:
    number = request.GET.get("playlist", "")
    return f"playlist={number}" if _DIGITS.fullmatch(number) else request.GET.get("list", "")


def _playlist_in(query: str) -> str:
    found = _PLAYLIST.fullmatch(query)
    return found[1] if found else ""


def _came_from(query: str) -> str:
    """The page of the list: a playlist's own, or Browse."""
    if number := _playlist_in(query):
        return reverse("admin:playlists_playlist_change", args=[int(number)])
    return reverse("admin:library_video_browse") + (f"?{query}" if query else "")


def _facts(video: Video, made: dict[str, Artifact]) -> dict[str, Any]:
    """What the player knows of the video itself."""
    return {
        "video": {
            "id": video.pk,
            "title": video.title,
            "by": video.studio.name if video.studio else video.library.name,
            "duration": (video.duration_ms or 0) / 1_000,
            "frame_rate": video.frame_rate,
            "has_picture": bool(video.width),
            "missing": video.missing_since is not None,
        },
        "type": media_type(video.primary_file) if video.primary_file else "",
        "poster": _address(made, "cover", "card"),
        "heatmap": _address(made, "heatmap", "json"),
        "waveform": _address(made, "waveform", "json"),
    }


def _made_from(video: Video) -> dict[str, Artifact]:
    return {one.kind: one for one in Artifact.objects.made().filter(video=video)}


def _address(made: dict[str, Artifact], kind: str, name: str) -> str:
    return picture_url(made[kind], name) if kind in made else ""


def _subtitles(artifact: Artifact | None) -> list[dict[str, Any]]:
    if artifact is None:
        return []
    tracks = artifact.data.get("tracks", [])
    return [
        {
            "url": picture_url(artifact, track["name"]),
            "language": track.get("language") or "und",
            "label": track.get("title") or track.get("language") or f"Track {number}",
        }
        for number, track in enumerate(tracks, start=1)
    ]


def _markers(video: Video) -> list[dict[str, Any]]:
    """As the API shows them."""
    markers = Marker.objects.filter(video=video).select_related("tag").order_by("start_ms", "pk")
    return [
        {
            "id": marker.pk,
            "title": marker.title,
            "start": marker.start_ms / 1_000,
            "end": None if marker.end_ms is None else marker.end_ms / 1_000,
            "tag": {"id": marker.tag.pk, "name": marker.tag.name} if marker.tag else None,
            "color": marker.color,
            "version": marker.version,
        }
        for marker in markers
    ]


def _shown_keys(chosen: PlayerSettings) -> list[tuple[str, list[str]]]:
    keys = keys_in_force(chosen.shortcuts)
    return [(action.label, keys[action.name]) for action in ACTIONS if keys[action.name]]


def _player(chosen: PlayerSettings) -> dict[str, Any]:
    return {
        "autoplay": chosen.autoplay,
        "play_next": chosen.play_next,
        "keys": keys_in_force(chosen.shortcuts) if chosen.shortcuts_on else {},
    }

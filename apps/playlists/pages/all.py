"""All playlists that one may see, and the forms of new ones."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.library.models import Video
from apps.library.pages.cards import Cover, cover_of, with_card_facts
from apps.library.search import Asker
from apps.playlists.choices import PlaylistKind
from apps.playlists.forms import PlaylistForm
from apps.playlists.models import Playlist
from apps.playlists.pages.paging import addresses, order_by, read_page
from apps.playlists.services.covers import first_videos
from apps.playlists.services.playlists import create_playlist

_SHOWN, _COVERS = 60, 4
NAME_TAKEN = "You have a playlist of this name already."


class PlaylistsPage(AdminPage):
    """One's own playlists and those that others share, by name."""

    title = "Playlists"
    name = "playlists_playlist_changelist"
    route = "playlists/"
    permission_required = "library.view_video"
    template_name = "admin/playlists/all.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        visible = Playlist.objects.visible_to(user.pk).select_related("owner")
        order = order_by(Playlist, "name")
        page = read_page(visible, order, self.request.GET.get("cursor", ""), size=_SHOWN)
        covers = _covers([one.pk for one in page.rows if not one.is_smart])
        forms = kwargs.pop("forms", {})
        return super().get_context_data(
            playlists=[
                {
                    "playlist": one,
                    "url": reverse("admin:playlists_playlist_change", args=[one.pk]),
                    "covers": covers.get(one.pk, []),
                    "is_mine": one.owner_id == user.pk,
                }
                for one in page.rows
            ],
            forms=[
                (kind, label, icon, forms.get(kind) or PlaylistForm(kind=kind), kind in forms)
                for kind, label, icon in (
                    (PlaylistKind.MANUAL, "New playlist", "playlist_add"),
                    (PlaylistKind.SMART, "New smart playlist", "auto_awesome"),
                )
            ],
            **addresses(page, self.name),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        smart = request.POST.get("kind") == PlaylistKind.SMART
        kind = PlaylistKind.SMART if smart else PlaylistKind.MANUAL
        form = PlaylistForm(request.POST, kind=kind)
        if form.is_valid():
            playlist = Playlist(owner_id=user.pk, kind=kind, **form.cleaned_data)
            try:
                with transaction.atomic():
                    create_playlist(playlist, asker=Asker.of(user))
            except MediaHubError as error:
                form.add_error("query" if smart else None, str(error))
            except IntegrityError:
                form.add_error("name", NAME_TAKEN)
            else:
                messages.success(request, f"{playlist.name} was made.")
                return redirect("admin:playlists_playlist_change", playlist.pk)
        return self.render_to_response(self.get_context_data(forms={kind: form}))


def _covers(playlist_ids: list[int]) -> dict[int, list[Cover]]:
    first = first_videos(playlist_ids, most=_COVERS)
    wanted = {pk for ids in first.values() for pk in ids}
    videos = with_card_facts(Video.objects.filter(pk__in=wanted)).in_bulk()
    return {
        playlist_id: [cover_of(videos[pk]) for pk in ids if pk in videos]
        for playlist_id, ids in first.items()
    }

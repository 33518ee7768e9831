"""One playlist: its videos in order, and what can be done with it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.core.audit import StaleEdit
from apps.core.counting import RowCount, count_rows
from apps.core.errors import MediaHubError
from apps.core.pages import AdminPage
from apps.library.models import Video
from apps.library.pages.cards import cards, with_card_facts
from apps.library.search import Asker, Question, order_of
from apps.library.search.limits import limited
from apps.playlists.choices import PlaylistKind
from apps.playlists.forms import PlaylistForm, QueryForm
from apps.playlists.models import Playlist, PlaylistItem
from apps.playlists.pages.all import NAME_TAKEN
from apps.playlists.pages.paging import Page, addresses, order_by, read_page
from apps.playlists.search import DEFAULT_ORDERING
from apps.playlists.services.contents import ByQuery, contents_of
from apps.playlists.services.items import add_found
from apps.playlists.services.playlists import copy_playlist, delete_playlist, edit_playlist
from apps.query import show
from apps.query.tree import Term, Value

_SHOWN = 60
_COUNT_COST = 20_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown
_DEEDS = ("change", "add", "delete", "copy")


class PlaylistPage(AdminPage):
    """A playlist's videos, which their owner puts in order by hand."""

    title = "Playlist"
    name = "playlists_playlist_change"
    route = "playlists/<int:pk>/"
    permission_required = "library.view_video"
    template_name = "admin/playlists/one.html"

    @property
    def playlist(self) -> Playlist:
        visible = Playlist.objects.visible_to(self.request.user.pk).select_related("owner")
        playlist: Playlist = get_object_or_404(visible, pk=self.kwargs["pk"])
        return playlist

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        playlist = kwargs.pop("playlist", None) or self.playlist
        mine = playlist.owner_id == self.request.user.pk
        told, error = _Told(playlist), ""
        try:
            with limited():
                told = self._read(playlist)
        except MediaHubError as refused:
            error = str(refused)
        except OperationalError:
            error = "Its query took the database too long: let it ask for less."
        kind = PlaylistKind(playlist.kind)
        forms: dict[str, Any] = {
            "form": PlaylistForm(kind=kind, playlist=playlist),
            "query_form": QueryForm(auto_id="add-%s"),
            **kwargs,
        }
        return super().get_context_data(
            title=playlist.name,
            playlist=playlist,
            error=error,
            rows=told.rows(),
            first=told.number,
            leading=told.leading,
            trailing=told.trailing,
            count=told.count,
            is_mine=mine,
            is_ordered=mine and not playlist.is_smart,
            in_browse=_in_browse(playlist),
            random=reverse("admin:playback_random", query={"playlist": playlist.pk}),
            **addresses(told.page, self.name, playlist.pk),
            **forms,
        )

    def _read(self, playlist: Playlist) -> "_Told":
        cursor = self.request.GET.get("cursor", "")
        contents = contents_of(playlist, asker=Asker.of(self.request.user))
        if isinstance(contents, ByQuery):
            page = read_page(with_card_facts(contents.videos), contents.order, cursor, size=_SHOWN)
            count = count_rows(contents.videos, planned=True, most_cost=_COUNT_COST)
            return _Told(playlist, page, page.rows, count.at_least(len(page.rows)))
        order = order_by(PlaylistItem, "position")
        page = read_page(playlist.items.all(), order, cursor, size=_SHOWN)
        return _by_hand(playlist, page)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        playlist = self.playlist
        deed = next((one for one in _DEEDS if one in request.POST), "")
        if deed != "copy" and playlist.owner_id != request.user.pk:
            raise PermissionDenied
        try:
            with transaction.atomic():
                answer: HttpResponse | None = getattr(self, f"_{deed or 'nothing'}")(playlist)
        except MediaHubError as error:
            messages.error(request, str(error))
            answer = None
        return answer or redirect("admin:playlists_playlist_change", pk)

    def _nothing(self, _playlist: Playlist) -> None:
        messages.warning(self.request, "Nothing was asked.")

    def _delete(self, playlist: Playlist) -> HttpResponse:
        delete_playlist(playlist)
        messages.success(self.request, f"{playlist.name} was deleted; its videos stay.")
        return redirect("admin:playlists_playlist_changelist")

    def _copy(self, playlist: Playlist) -> HttpResponse:
        user: Any = self.request.user
        copy = copy_playlist(playlist, owner_id=user.pk, asker=Asker.of(user))
        messages.success(self.request, f"{copy.name} holds what {playlist.name} holds now.")
        return redirect("admin:playlists_playlist_change", copy.pk)

    def _add(self, playlist: Playlist) -> None:
        form = QueryForm(self.request.POST)
        if not form.is_valid():
            messages.error(self.request, "Say what to add: the query was empty.")
            return
        question = Question.read(form.cleaned_data["q"], asker=Asker.of(self.request.user))
        order = order_of(DEFAULT_ORDERING)
        added = add_found(playlist, question.videos().order_by(*order.order_by()))
        messages.success(self.request, f"{added:,} videos were added at the end.")

    def _change(self, playlist: Playlist) -> HttpResponse | None:
        kind = PlaylistKind(playlist.kind)
        form = PlaylistForm(self.request.POST, kind=kind, playlist=playlist)
        if form.is_valid():
            values = dict(form.cleaned_data)
            asker, version = Asker.of(self.request.user), values.pop("version")
            try:
                with transaction.atomic():
                    edit_playlist(playlist, values, asker=asker, expected_version=version)
            except StaleEdit as error:
                messages.error(self.request, f"{error} Nothing was written: here it is as it is.")
                return None
            except MediaHubError as error:
                form.add_error("query" if playlist.is_smart else None, str(error))
            except IntegrityError:
                form.add_error("name", NAME_TAKEN)
            else:
                messages.success(self.request, "The playlist was changed.")
                return None
        return self.render_to_response(self.get_context_data(form=form, playlist=playlist))


class _Told:
    """A page of a playlist as the template shows it.

    ``number`` is the first row's place in the whole; ``leading`` and ``trailing`` are the ids of
    the videos just before and behind the page, for moves across its ends.
    """

    def __init__(
        self, playlist: Playlist, page: Page | None = None, videos: list[Any] | None = None,
        count: RowCount | None = None,
    ) -> None:  # fmt: skip
        self.playlist, self.page = playlist, page or Page()
        self.videos, self.count = videos or [], count or RowCount(0)
        self.number, self.leading, self.trailing = 0, "", ""

    def rows(self) -> list[dict[str, Any]]:
        query = {"playlist": self.playlist.pk}
        return [
            {"card": card, "url": reverse("admin:playback_watch", args=[card.pk], query=query)}
            for card in cards(self.videos)
        ]


def _by_hand(playlist: Playlist, page: Page) -> _Told:
    ids = [item.video_id for item in page.rows]
    found = with_card_facts(Video.objects.filter(pk__in=ids)).in_bulk()
    videos = [found[pk] for pk in ids if pk in found]
    told = _Told(playlist, page, videos, RowCount(playlist.video_count))
    if page.rows:
        before = playlist.items.filter(position__lt=page.rows[0].position)
        behind = playlist.items.filter(position__gt=page.rows[-1].position)
        told.number = before.count() + 1
        told.leading = _ids(before.order_by("-position")[:2])
        told.trailing = _ids(behind.order_by("position")[:1])
    return told


def _ids(items: "QuerySet[PlaylistItem]") -> str:
    return ",".join(str(item.video_id) for item in items)


def _in_browse(playlist: Playlist) -> str:
    node = Term("playlist", ":", (Value(playlist.name, quoted=True),))
    return reverse("admin:library_video_browse", query={"q": show(node)})

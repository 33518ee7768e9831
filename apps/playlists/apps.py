from django.apps import AppConfig


class PlaylistsConfig(AppConfig):
    name = "apps.playlists"
    label = "playlists"

    def ready(self) -> None:
        from apps.core import undo
        from apps.core.querysets import keep_private
        from apps.library.search import register
        from apps.playlists.models import Playlist
        from apps.playlists.search import playlist_field

        register(playlist_field())
        keep_private(Playlist)
        undo.allow(
            Playlist, fields=("name", "description", "shared", "query", "ordering", "limit"),

        )  # fmt: skip

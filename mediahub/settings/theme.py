"""The look of the admin and the order of its menu (django-unfold)."""

from collections.abc import Callable

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy


def _static(name: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(name)


def _live(request: HttpRequest) -> str:
    """The script of live pages, with the address of events for those who may hear them."""
    script = static("mediahub/live.js")
    may_listen = request.user.has_perm("jobs.view_job")
    return f"{script}?events={reverse('v1:job-events')}" if may_listen else script


def _item(
    title: str, icon: str, view: str, permission: str | None = None, *, within: str = ""
) -> dict[str, object]:
    """``within`` is where the item is active, if not only below its own address."""
    link = reverse_lazy(f"admin:{view}")
    item: dict[str, object] = {
        "title": title,
        "icon": icon,
        "link": link,
        "active": lambda request: _is_at(request, within or str(link)),
    }
    if permission:
        item["permission"] = lambda request: request.user.has_perm(permission)
    return item


# items within the addresses of others
_INNER = (
    "library_video_browse", "playback_history", "playlists_playlist_changelist",
    "insights_statistics", "insights_graph", "renaming_rename", "stashbox_settings",
)  # fmt: skip


def _is_at(request: HttpRequest, link: str) -> bool:
    """Of two items of which one's address begins with the other's only the longer is active."""
    inner = (str(reverse_lazy(f"admin:{name}")) for name in _INNER)
    if found := next((address for address in inner if request.path.startswith(address)), ""):
        return link == found
    if link == str(reverse_lazy("admin:index")):
        return request.path == link
    return request.path.startswith(link)


def _pinned(_request: HttpRequest) -> str:
    """The script of the counts beside pinned views."""
    return f"{static('mediahub/pinned-views.js')}?counts={reverse('v1:savedview-counts')}"


def _with_views(
    groups: list[dict[str, object]],
) -> Callable[[HttpRequest], list[dict[str, object]]]:
    """The menu, with the views that somebody has pinned below what is used most."""

    def menu(request: HttpRequest) -> list[dict[str, object]]:
        from mediahub.pinned import sidebar_items  # models can't be imported by settings

        items = sidebar_items(request)
        pinned = [{"title": "Views", "separator": True, "items": items}] if items else []
        return [*groups[:1], *pinned, *groups[1:]]

    return menu


UNFOLD: dict[str, object] = {
    "SITE_TITLE": "MediaHub",
    "SITE_HEADER": "MediaHub",
    "SITE_SYMBOL": "video_library",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("mediahub/icon.svg")},
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(76% .125 276.935)",
            "500": "oklch(67.5% .165 277.117)",
            "600": "oklch(51.1% .23 276.966)",
            "700": "oklch(45.7% .22 277.023)",
            "800": "oklch(39.8% .18 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        },
    },
    "STYLES": [_static("mediahub/mediahub.css")],
    "SCRIPTS": [_static("mediahub/mediahub.js"), _live, _static("mediahub/jobs.js"), _pinned],
    "COMMAND": {
        "search_models": False,
        "search_callback": "mediahub.palette.search",
        "show_history": False,
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": _with_views(
            [
                {
                    "items": [
                        _item("Home", "home", "index"),
                        _item("Browse", "grid_view", "library_video_browse", "library.view_video"),
                        _item("Videos", "movie", "library_video_changelist", "library.view_video"),
                        _item("History", "history", "playback_history", "library.view_video"),
                        _item(
                            "Playlists",
                            "playlist_play",
                            "playlists_playlist_changelist",
                            "library.view_video",
                        ),
                        _item(
                            "Statistics", "bar_chart", "insights_statistics", "library.view_video"
                        ),
                    ]
                },
                {
                    "title": "People and labels",
                    "separator": True,
                    "items": [
                        _item(
                            "Performers",
                            "group",
                            "library_performer_changelist",
                            "library.view_performer",
                        ),
                        _item(
                            "Studios",
                            "apartment",
                            "library_studio_changelist",
                            "library.view_studio",
                        ),
                        _item("Tags", "sell", "library_tag_changelist", "library.view_tag"),
                        _item("Network", "hub", "insights_graph", "library.view_performer"),
                        _item(
                            "Markers",
                            "bookmark",
                            "library_marker_changelist",
                            "library.view_marker",
                        ),
                    ],
                },
                {
                    "title": "Collection",
                    "separator": True,
                    "items": [
                        _item(
                            "Libraries",
                            "folder_open",
                            "library_library_changelist",
                            "library.view_library",
                        ),
                        _item("Files", "draft", "library_file_changelist", "library.view_file"),
                        _item(
                            "Rename files",
                            "drive_file_rename_outline",
                            "renaming_rename",
                            "library.change_video",
                        ),
                        _item(
                            "Rules",
                            "rule",
                            "rules_rule_changelist",
                            "rules.view_rule",
                            within="/admin/rules/rule/",
                        ),
                        _item(
                            "Find names", "manage_search", "rules_autotag", "library.change_video"
                        ),
                        _item(
                            "Identify",
                            "fingerprint",
                            "stashbox_tagger",
                            "library.view_video",
                            within="/admin/stashbox/stashmatch/",
                        ),
                        _item(
                            "Faces",
                            "face",
                            "faces_lab",
                            "faces.view_identity",
                            within="/admin/faces/",
                        ),
                        _item(
                            "Transcodes",
                            "switch_video",
                            "transcodes_transcode_changelist",
                            "transcodes.view_transcode",
                            within="/admin/transcodes/",
                        ),
                        _item(
                            "Artifacts",
                            "image",
                            "artifacts_artifact_coverage",
                            "artifacts.view_artifact",
                            within="/admin/artifacts/",
                        ),
                        _item(
                            "Jobs", "sync", "jobs_job_board", "jobs.view_job", within="/admin/jobs/"
                        ),
                    ],
                },
                {
                    "title": "Administration",
                    "separator": True,
                    "collapsible": True,
                    "items": [
                        _item("Users", "person", "auth_user_changelist", "auth.view_user"),
                        _item("Roles", "shield_person", "auth_group_changelist", "auth.view_group"),
                        _item(
                            "API tokens",
                            "key",
                            "accounts_apitoken_changelist",
                            "accounts.view_apitoken",
                        ),
                        _item(
                            "Audit", "history", "core_auditentry_changelist", "core.view_auditentry"
                        ),
                        _item(
                            "Custom fields",
                            "tune",
                            "library_customfield_changelist",
                            "library.view_customfield",
                        ),
                        _item(
                            "Stash-boxes",
                            "hub",
                            "stashbox_stashbox_changelist",
                            "stashbox.view_stashbox",
                        ),
                        _item(
                            "Identification",
                            "fact_check",
                            "stashbox_settings",
                            "stashbox.change_identifysettings",
                        ),
                        _item(
                            "Machines",
                            "memory",
                            "machines_machine_changelist",
                            "machines.view_machine",
                        ),
                        _item(
                            "Media servers",
                            "connected_tv",
                            "mediaservers_mediaserver_changelist",
                            "mediaservers.view_mediaserver",
                            within="/admin/mediaservers/",
                        ),
                        _item("Health", "monitor_heart", "health", "core.view_health"),
                    ],
                },
            ]
        ),
    },
}

from unfold.sites import UnfoldAdminSite


class MediaHubAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """The product's one site."""

    site_header = site_title = "MediaHub"
    index_title = "Home"
    enable_nav_sidebar = False

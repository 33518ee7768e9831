from rest_framework.pagination import CursorPagination


class CursorOrPagePagination(CursorPagination):
    """Placeholder until the API stands."""

"""How the API and its description are made (Django REST framework, drf-spectacular)."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.api.permissions.ModelAndScopePermissions"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.CursorOrPagePagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "DEFAULT_VERSION": "v1",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.errors.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "MediaHub",
    "DESCRIPTION": "Everything that the admin can do, for machines.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ArtifactKind": "apps.artifacts.choices.ArtifactKind",
        "ArtifactState": "apps.artifacts.choices.ArtifactState",
        "Grade": "apps.artifacts.choices.Grade",
        "FaceBand": "apps.faces.choices.Band",
        "FaceChangeKind": "apps.faces.choices.ChangeKind",
        "FaceEngine": "apps.faces.choices.Engine",
        "FaceGround": "apps.faces.choices.Ground",
        "FaceProposalKind": "apps.faces.choices.ProposalKind",
        "FaceProposalState": "apps.faces.choices.ProposalState",
        "FaceVerdict": "apps.faces.choices.Verdict",
        "FieldKind": "apps.library.choices.FieldKind",
        "JobState": "apps.jobs.choices.JobState",
        "RenameBatchState": "apps.renaming.choices.BatchState",
        "RenameState": "apps.renaming.choices.RenameState",
        "LibraryState": "apps.library.choices.LibraryState",
        "Question": "apps.library.choices.Question",
        "ScanKind": "apps.library.choices.ScanKind",
        "MatchSource": "apps.stashbox.choices.Source",
        "MatchState": "apps.stashbox.choices.MatchState",
        "UnknownPolicy": "apps.stashbox.choices.Unknown",
        "WatchState": "apps.library.choices.WatchState",
    },
}

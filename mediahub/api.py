"""The API's table of contents, version 1."""

app_name = "v1"
urlpatterns: list[object] = []

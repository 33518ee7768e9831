from django.apps import AppConfig


class FacesConfig(AppConfig):
    name = "apps.faces"
    label = "faces"
    verbose_name = "faces"

    def ready(self) -> None:
        from apps.faces.search import add_to_search
        from apps.faces.undoable import allow_undo, notice_merges

        add_to_search()
        allow_undo()
        notice_merges()

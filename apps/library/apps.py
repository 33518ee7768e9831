from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "apps.library"
    label = "library"

    def ready(self) -> None:
        from apps.library.services.undoable import allow_undo

        allow_undo()

from django.apps import AppConfig


class EditingConfig(AppConfig):
    name = "apps.editing"
    label = "editing"

    def ready(self) -> None:
        from apps.editing.undoable import allow_undo

        allow_undo()

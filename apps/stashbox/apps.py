from django.apps import AppConfig


class StashboxConfig(AppConfig):
    name = "apps.stashbox"
    label = "stashbox"
    verbose_name = "identification"

    def ready(self) -> None:
        from apps.stashbox.search import add_to_search
        from apps.stashbox.undoable import notice_merges, notice_undo

        add_to_search()
        notice_undo()
        notice_merges()

from django.apps import AppConfig


class MachinesConfig(AppConfig):
    name = "apps.machines"
    label = "machines"

    def ready(self) -> None:
        from apps.jobs.pages import board
        from apps.machines.pages.panel import machines_panel

        board.panels.append(machines_panel)

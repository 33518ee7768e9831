from django.apps import AppConfig, apps


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: TID251  # the schema's, no model's

        from apps.accounts.services.roles import sync_roles

        def sync(**_kwargs: object) -> None:
            sync_roles()

        # The signal comes once for each app with models: after the last all permissions exist.
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(sync, sender=last, weak=False, dispatch_uid="accounts.sync_roles")

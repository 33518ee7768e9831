"""``manage.py createtoken USER [--scope …]``: print one new API token and nothing else."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.choices import Scope
from apps.accounts.services.tokens import create_token


class Command(BaseCommand):
    help = "Print one new API token. It is stored nowhere in clear: keep it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.READ)
        parser.add_argument("--name", default="", help="what it is for")

    def handle(self, *_args: Any, user: str, scope: str, name: str, **_options: Any) -> None:
        owner = get_user_model().objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user named {user!r}.")
        _token, secret = create_token(owner, scope=Scope(scope), name=name)
        self.stdout.write(secret)

#!/usr/bin/env python3
"""MediaHub's command line: ``manage.py help`` lists the commands."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mediahub.settings.base")
    try:
        from django.core.management import execute_from_command_line

        from mediahub.env import InvalidSetting
    except ImportError:
        print("MediaHub isn't installed here yet: run `make run` first.", file=sys.stderr)
        return 1
    try:
        execute_from_command_line(sys.argv)
    except InvalidSetting as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

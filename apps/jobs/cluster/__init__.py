"""The one package that knows django-q2: its worker processes, woken by ours and watched."""

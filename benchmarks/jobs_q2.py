"""Settings of a project that has nothing but django-q2, as its documentation starts one."""

import os

from psycopg.conninfo import conninfo_to_dict

_said = conninfo_to_dict(os.environ["DATABASE_URL"])

SECRET_KEY = "only-for-a-benchmark"
INSTALLED_APPS = ["django.contrib.contenttypes", "django_q"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _said["dbname"],
        "USER": _said["user"],
        "HOST": _said["host"],
        "PORT": _said["port"],
        "PASSWORD": _said.get("password", ""),
    }
}
Q_CLUSTER: dict[str, object] = {"name": "bench", "workers": 2, "orm": "default"}
if os.environ.get("BENCH_KEEPS_ALL"):  # else it looks through all results for each result
    Q_CLUSTER["save_limit"] = -1

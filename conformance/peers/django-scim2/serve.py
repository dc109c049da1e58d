"""A small Django project that serves django-scim2 from an empty database of its own.

    python serve.py PORT DIRECTORY

The database is made in DIRECTORY, the token stands in SCIM_TOKEN, the base URL is http://127.0.0.1:PORT/scim/v2.
Here are the settings that the package requires, and in `people` what else its documentation leaves to the project.
"""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

port, directory = int(sys.argv[1]), Path(sys.argv[2])
settings.configure(
    ALLOWED_HOSTS=["*"],
    AUTH_USER_MODEL="people.User",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": directory / "peer.sqlite3",
            # Nothing here outlives the run.
            "OPTIONS": {"init_command": "PRAGMA synchronous = OFF"},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_scim", "people"],
    MIDDLEWARE=["people.token.BearerToken", "django_scim.middleware.SCIMAuthCheckMiddleware"],
    # Passwords of a run need no slow hash.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="people.urls",
    SECRET_KEY="of one run",
    SCIM_SERVICE_PROVIDER={
        "SCHEME": "http",
        "NETLOC": f"127.0.0.1:{port}",
        "GROUP_MODEL": "people.models.Group",
        "AUTHENTICATION_SCHEMES": [
            {"type": "oauthbearertoken", "name": "Bearer token", "description": "The token of this run"}
        ],
        "WWW_AUTHENTICATE_HEADER": 'Bearer realm="scim"',
    },
    USE_TZ=True,
)
django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)

# These read the settings when they are imported.
from django.core.servers.basehttp import run  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

run("127.0.0.1", port, get_wsgi_application(), threading=True)

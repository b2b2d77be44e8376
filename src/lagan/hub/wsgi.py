"""Django as a WSGI application: pages and REST, never bytes of data."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lagan.hub.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

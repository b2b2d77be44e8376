"""The program of the tests' OpenID Connect provider: Django with django-oauth-toolkit, a log in
form, and claims read from files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

FOLDER = Path(os.environ["OIDC_FOLDER"])
PORT = int(os.environ["OIDC_PORT"])


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def configure() -> None:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="of the provider of the tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "provider.sqlite3"}
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
            }
        ],
        # Tables as the models say; a hundred migrations would take seconds.
        MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "sessions", "oauth2_provider")),
        LOGIN_URL="/login/",
        # Cookies know no ports: the hub beside us on 127.0.0.1 has a `sessionid` too.
        SESSION_COOKIE_NAME="provider_session",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": private_key(),
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{PORT}/o",
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who", "profile": "name", "email": "address"},
            "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
        },
    )


def person(username: str) -> dict[str, Any]:
    place = FOLDER / "people" / f"{username}.json"
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def log_in(request: Any) -> Any:
    """A form with user name and password."""
    from django.contrib.auth import get_user_model, login
    from django.http import HttpResponse, HttpResponseRedirect

    from tests.services.oidc import PASSWORD

    if request.method == "POST" and request.POST.get("password") == PASSWORD:
        person(request.POST["username"])
        user, _ = get_user_model().objects.get_or_create(username=request.POST["username"])
        login(request, user, "django.contrib.auth.backends.ModelBackend")
        return HttpResponseRedirect(request.GET["next"])
    return HttpResponse(
        "<!doctype html><title>Provider</title><form method=post>"
        "<label>User name <input name=username></label>"
        "<label>Password <input name=password type=password></label>"
        "<button>Log in there</button></form>"
    )


def main() -> None:
    configure()
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path
    from oauth2_provider.models import Application
    from oauth2_provider.oauth2_validators import OAuth2Validator

    from tests.services.oidc import CLIENT, SECRET

    class Validator(OAuth2Validator):  # type: ignore[misc]
        oidc_claim_scope = None

        def get_additional_claims(self, request: Any) -> dict[str, Any]:
            return person(request.user.username)

        def validate_redirect_uri(
            self, client_id: Any, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
        ) -> bool:
            return redirect_uri.startswith(("http://127.0.0.1:", "http://testserver/"))

    globals()["Validator"] = Validator
    globals()["urlpatterns"] = [
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
        path("login/", log_in),
    ]
    call_command("migrate", run_syncdb=True, verbosity=0)
    Application.objects.create(
        name="lagan",
        client_id=CLIENT,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris="http://127.0.0.1/",
        post_logout_redirect_uris="http://testserver/login/",
        skip_authorization=True,
        algorithm="RS256",
    )

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    make_server("127.0.0.1", PORT, get_wsgi_application(), server_class=Server).serve_forever()


if __name__ == "__main__":
    import sys

    sys.modules["tests.services.oidc_provider"] = sys.modules["__main__"]
    __name__ = "tests.services.oidc_provider"
    main()

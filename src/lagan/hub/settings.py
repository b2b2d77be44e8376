"""Django's settings, all derived from one typed `Config`; nothing else reads the environment."""

from __future__ import annotations

from lagan.hub.base.config import load
from lagan.hub.base.logs import logging_settings

CONFIG = load()

SECRET_KEY = CONFIG.secret_key
DEBUG = False
ALLOWED_HOSTS = CONFIG.allowed_hosts
DATABASES = {"default": CONFIG.database}
CSRF_TRUSTED_ORIGINS = CONFIG.trusted_origins

_ROOMS = [
    "audit",
    "tree",
    "accounts",
    "jobs",
    "archive",
    "targets",
    "policies",
    "computers",
    "datasets",
    "ingest",
    "instruments",
    "evidence",
    "packages",
    "access",
    "web",
    "ops",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "ninja",  # installed so that its pages use the files it ships
    "lagan.hub.base",
    *(f"lagan.hub.{room}" for room in _ROOMS),
    "lagan.hub.doors.node",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "lagan.hub.web.policy.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "lagan.hub.base.packed.unpack_bodies",
    "lagan.hub.base.methods.refuse_methods",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lagan.hub.web.views.refusals.Refusals",
]
ROOT_URLCONF = "lagan.hub.urls"
WSGI_APPLICATION = "lagan.hub.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lagan.hub.web.surroundings.surroundings",
            ]
        },
    }
]
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cs", "Čeština"), ("nb", "Norsk bokmål")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
CSRF_FAILURE_VIEW = "lagan.hub.web.views.refusals.forged"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
# Look-ups of 10,000 long names; data itself never comes through Django.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 << 20
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# accounts.services.sign_in answers a lockout, for pages and API alike, not a middleware of axes.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
LOGGING = logging_settings(CONFIG.log_level)
AXES_DISABLE_ACCESS_LOG = True  # who signed in is in our own record
AXES_VERBOSE = False
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.mail.sender
EMAIL_HOST, EMAIL_PORT = CONFIG.mail.host, CONFIG.mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = CONFIG.mail.user, CONFIG.mail.password
EMAIL_USE_TLS = CONFIG.mail.security == "starttls"
EMAIL_USE_SSL = CONFIG.mail.security == "tls"
EMAIL_TIMEOUT = 20  # seconds
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

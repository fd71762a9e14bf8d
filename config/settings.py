"""Django's settings. What differs between machines comes from the environment table and from nowhere else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ

from config.api.description import SPECTACULAR
from config.background.queues import cluster_settings
from config.backoffice.theme import UNFOLD_SETTINGS
from config.environment import BASE_DIR, is_process, load
from config.environment.secrets_file import local_secret, random_key, random_text
from config.environment.variables import TEST
from config.house.providers import provider_apps, sign_in_settings
from config.logging import logging_settings
from config.postgres.connection import connection_settings, database_url

environment = load()
IS_PRODUCTION = environment.is_production
IS_TEST = environment["ENVIRONMENT"] == TEST
VAR_DIR = environment.var_dir


def _secret(name: str, make: Callable[[], str] = random_text) -> Any:
    return environment[name] or local_secret(name, folder=VAR_DIR, make=make)


def _secrets(name: str, make: Callable[[], str] = random_text) -> list[str]:
    return environment[name] or [local_secret(name, folder=VAR_DIR, make=make)]


DEBUG = environment["DEBUG"]
SECRET_KEY = _secret("SECRET_KEY")
ADMIN_KEYS = _secrets("ADMIN_KEY")
JWT_SECRETS = _secrets("JWT_SECRET")
SETTINGS_KEYS = _secrets("SETTINGS_KEY", random_key)
AUDIT_SIGNING_KEY: str = _secret("AUDIT_SIGNING_KEY", random_key)
AUDIT_OLD_PUBLIC_KEYS: list[str] = environment["AUDIT_OLD_PUBLIC_KEYS"]
AUDIT_ANCHOR_FILE: Path = BASE_DIR / (environment["AUDIT_ANCHOR_FILE"] or VAR_DIR / "anchors.jsonl")
ALLOWED_HOSTS = environment["ALLOWED_HOSTS"]
PUBLIC_URL: str = environment["PUBLIC_URL"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES: list[str] = environment["TRUSTED_PROXIES"]
EGRESS_PRIVATE_HOSTS = frozenset(environment["EGRESS_PRIVATE_HOSTS"])
MPESA_URL, KCB_URL = environment["MPESA_URL"], environment["KCB_URL"]
RPC_NODES: dict[int | None, str] = environment["RPC_URL"] or {}  # by chain id
RELAYER_PRIVATE_KEY: str = environment["RELAYER_PRIVATE_KEY"] if is_process("worker:payouts") else ""  # nobody else

# Applications, from the top floor down: where two define the same command or template, the upper one wins.
INSTALLED_APPS = [
    "config.apps.CompositionRoot",
    "notifications",
    "payouts",
    "affiliates",
    "commerce",
    "invoicing",
    "wallets",
    "ledger",
    "identity",
    "audit",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "config.apps.BackOfficeAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *provider_apps(environment),
    "allauth.usersessions",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_prometheus",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "simple_history",
]

MIDDLEWARE = [
    "config.web.proxy.TrustedProxyMiddleware",  # first: everybody below may believe REMOTE_ADDR and the scheme
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "audit.middleware.RequestContextMiddleware",
    "config.web.middleware.ProbeMiddleware",
    "config.web.middleware.RefusalMiddleware",
    "config.web.middleware.SecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.web.middleware.ApiErrorMiddleware",
    "config.web.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.web.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.web.sign_in.ProviderMiddleware",
    "config.web.middleware.SessionActivityMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # a redirected POST loses its body; pages that people type are routed with and without it
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.web.navigation.navigation",
                "config.house.accounts.house_name",
            ],
        },
    }
]

# Database, cache, tasks

DATABASES = {"default": {**environ.Env.db_url_config(database_url(environment)), **connection_settings(environment)}}

CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if environment["REDIS_URL"]:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": environment["REDIS_URL"],
        "KEY_PREFIX": "countinghouse",
    }

Q_CLUSTER = cluster_settings(environment)

# Sign-in

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: refuses who is locked out before a password is looked at
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if IS_TEST:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow hash protects nothing here
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_ADAPTER = "config.house.accounts.HouseAccounts"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_URL.partition(":")[0]
ACCOUNT_RATE_LIMITS = {"login_failed": None}  # axes counts these, in the database, over all processes
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "config.house.accounts.HouseSecondFactors"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = True
vars().update(sign_in_settings(environment))

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "config.web.sign_in.attempted_email"
AXES_CLIENT_IP_CALLABLE = "config.web.sign_in.attempting_address"
AXES_LOCKOUT_TEMPLATE = "errors/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True

# Browser safety

CSRF_FAILURE_VIEW = "config.web.pages.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

# API

MAX_BODY_BYTES = 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
ENVELOPED_PREFIXES = ("/wallets", "/api/customer")
API_PREFIXES = ("/api/", *ENVELOPED_PREFIXES)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.api.authentication.AdminKeyAuthentication",
        "config.api.authentication.ApiKeyAuthentication",
        "config.api.authentication.TokenAuthentication",
        "config.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "config.api.parsers.StrictJSONParser",
        "config.api.parsers.StrictFormParser",
        "config.api.parsers.StrictMultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.JSONRenderer", "config.api.renderers.BrowsableAPIRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["config.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.SeekPagination",
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": [
        "config.api.throttles.AddressThrottle",
        "config.api.throttles.CallerThrottle",
        "config.api.throttles.ScopeThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "address": environment["THROTTLE_ADDRESS"],
        "caller": environment["THROTTLE_CALLER"],
        "tokens": environment["THROTTLE_TOKENS"],
    },
    "EXCEPTION_HANDLER": "config.api.errors.handle",
    "COERCE_DECIMAL_TO_STRING": True,
    "UPLOADED_FILES_USE_URL": False,
    "NUM_PROXIES": 0,  # REMOTE_ADDR is already the client's: see TrustedProxyMiddleware
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = SPECTACULAR

# Words, files, mail

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if IS_PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
# Names with a fingerprint need `collectstatic`, which an image build runs and `make run` should not wait for.
_STATIC_FILES = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if IS_PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_FILES},
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION

DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment["DEFAULT_FROM_EMAIL"]
EMAIL_TIMEOUT = 20  # seconds; without it a silent mail server would hold a worker for ever
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if environment["EMAIL_URL"]:
    vars().update(environ.Env.email_url_config(environment["EMAIL_URL"]))

# What the house has set goes first; see config/house/mail.py.
ENVIRONMENT_EMAIL_BACKEND: str = EMAIL_BACKEND
EMAIL_BACKEND = "config.house.mail.HouseMail"

LOGGING = logging_settings(level=environment["LOG_LEVEL"], form=environment["LOG_FORMAT"])
UNFOLD = UNFOLD_SETTINGS
SILENCED_SYSTEM_CHECKS: list[str] = []

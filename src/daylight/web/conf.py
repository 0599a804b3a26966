"""What Django is told about the review room. Values only: nothing of Django is imported here.

The two values that belong to one vault, the key that signs sessions and the names of the cookies,
are set by :func:`daylight.web.app.application`, when there is a vault to serve.
"""

from typing import Any

WEB_APPS: list[str] = ["django.contrib.staticfiles", "daylight.web"]

_NOBODY = ["'none'"]
_SELF = ["'self'"]

WEB_SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "daylight.web.urls",
    "DEBUG": False,
    # Names that a page of somebody else cannot make the browser send (DNS rebinding).
    "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
    "MIDDLEWARE": [
        "csp.middleware.CSPMiddleware",
        "daylight.web.middleware.Guard",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "daylight.web.middleware.Sitting",
        "daylight.web.middleware.Language",
        "daylight.web.middleware.Entrance",
        "daylight.web.middleware.Asking",
        "daylight.web.middleware.Enrolment",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.template.context_processors.csrf",
                    "daylight.web.context.common",
                ],
            },
        }
    ],
    "CONTENT_SECURITY_POLICY": {
        "DIRECTIVES": {
            "default-src": _NOBODY,
            "script-src": _SELF,
            "style-src": _SELF,
            "img-src": _SELF,
            "media-src": [*_SELF, "blob:"],  # what hls.js hands to the player
            "connect-src": _SELF,
            "font-src": _SELF,
            "worker-src": _SELF,  # hls.js unpacks segments in its own file, not in a blob
            "frame-ancestors": _NOBODY,
            "base-uri": _NOBODY,
            "form-action": _SELF,
        }
    },
    "STATIC_URL": "/static/",
    "WHITENOISE_USE_FINDERS": True,
    "WHITENOISE_AUTOREFRESH": False,
    "WHITENOISE_MAX_AGE": 300,
    # Else any web page could ask whether this machine runs Daylight, and which version.
    "WHITENOISE_ALLOW_ALL_ORIGINS": False,
    "SESSION_COOKIE_AGE": 12 * 3600,
    "SESSION_COOKIE_SECURE": False,  # until the room is served with TLS
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Strict",
    "CSRF_COOKIE_HTTPONLY": True,
    "CSRF_COOKIE_SAMESITE": "Strict",
    "CSRF_COOKIE_AGE": None,
    "CSRF_FAILURE_VIEW": "daylight.web.failures.stale",
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 1 << 16,
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "AUTH_PASSWORD_VALIDATORS": [
        {
            "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
            "OPTIONS": {"min_length": 12},
        },
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    ],
    "LOGIN_URL": "login",
    "LOGIN_REDIRECT_URL": "overview",
    "LANGUAGES": [("en", "English"), ("ru", "Русский")],
    "LANGUAGE_CODE": "en",
    "LANGUAGE_COOKIE_NAME": "daylight-language",
    "LANGUAGE_COOKIE_SAMESITE": "Strict",
    "USE_I18N": True,
}

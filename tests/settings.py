"""Django settings for the type checker and for making migrations: no vault, no secrets."""

from daylight.web.conf import WEB_APPS, WEB_SETTINGS

SECRET_KEY = "only-for-type-checking"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "daylight.catalogue.apps.CatalogueConfig",
    *WEB_APPS,
]
AUTH_USER_MODEL = "catalogue.User"
USE_TZ = True
for _name, _value in WEB_SETTINGS.items():
    globals()[_name] = _value

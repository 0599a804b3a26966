"""What Django is told about the review room. Values only: nothing of Django is imported here."""

from typing import Any

WEB_APPS: list[str] = ["daylight.web"]

WEB_SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "daylight.web.urls",
}

"""How a plan of what is covered is shown."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def region_state_name(code: str) -> str:
    names = {"covered": _("covered"), "visible": _("stays visible"), "rejected": _("is none")}
    return names.get(code, code)


@register.filter
def choice_name(code: str) -> str:
    names = {"keep": _("kept"), "cover": _("covered"), "replace": _("replaced")}
    return names.get(code, code)


@register.filter
def sounding_name(code: str) -> str:
    names = {"keep": _("kept"), "silence": _("silence"), "tone": _("a tone")}
    return names.get(code, code)

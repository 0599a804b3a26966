"""Every address of the review room; docs/review-room.md says who may open which."""

from django.urls import URLPattern, path

from daylight.web import (
    desk,
    entry,
    grid,
    item,
    marks,
    overview,
    own,
    play,
    renditions,
    search,
    timeline,
)

urlpatterns: list[URLPattern] = [
    path("", overview.show, name="overview"),
    path("items/", grid.show, name="items"),
    path("timeline/", timeline.show, name="timeline"),
    path("timeline/data", timeline.data, name="timeline-data"),
    path("timeline/list/", timeline.listed, name="timeline-list"),
    path("items/<slug:public_id>/", item.show, name="item"),
    path("items/<slug:public_id>/lift/", item.lift, name="lift"),
    path("items/<slug:public_id>/lower/", item.lower, name="lower"),
    path("items/<slug:public_id>/renditions/<slug:name>", renditions.show, name="rendition"),
    path("items/<slug:public_id>/play/<slug:mode>/index.m3u8", play.playlist, name="playlist"),
    path("items/<slug:public_id>/play/<slug:mode>/<int:number>.ts", play.segment, name="segment"),
    path("items/<slug:public_id>/marks/", marks.panel, name="marks"),
    path("items/<slug:public_id>/marks/new/", marks.make, name="mark-new"),
    path("items/<slug:public_id>/take/", desk.take, name="take"),
    path("items/<slug:public_id>/give/", desk.give, name="give"),
    path("items/<slug:public_id>/end/", desk.end, name="end"),
    path("marks/<slug:mark_id>/change/", marks.change, name="mark-change"),
    path("marks/<slug:mark_id>/confirm/", marks.confirm, name="mark-confirm"),
    path("marks/<slug:mark_id>/withdraw/", marks.withdraw, name="mark-withdraw"),
    path("marks/<slug:mark_id>/comment/", marks.comment, name="mark-comment"),
    path("marks/<slug:mark_id>/call/", marks.call, name="mark-call"),
    path("urgent/", marks.urgent, name="urgent"),
    path("urgent/<slug:call_id>/settle/", marks.settle, name="settle"),
    path("desk/", desk.show, name="desk"),
    path("search/", search.show, name="search"),
    path("you/", own.show, name="own"),
    path("you/open/", own.unlock, name="own-open"),
    path("you/wishes/", own.wish, name="own-wish"),
    path("help/", own.help_page, name="help"),
    path("together/", own.all_together, name="together"),
    path("enter/<slug:token>/", entry.by_link, name="enter"),
    path("login/", entry.sign_in, name="login"),
    path("logout/", entry.sign_out, name="logout"),
    path("password/", entry.password, name="password"),
    path("language/", entry.language, name="language"),
]

handler400 = "daylight.web.failures.bad"
handler403 = "daylight.web.failures.refused"
handler404 = "daylight.web.failures.missing"
handler500 = "daylight.web.failures.broken"

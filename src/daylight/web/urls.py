"""Every address of the review room; docs/review-room.md says who may open which."""

from django.urls import URLPattern, path

from daylight.web import entry, grid, item, overview, play, renditions, timeline

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

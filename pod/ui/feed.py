"""`/.feed/`: the posts of a pod that are for everyone, as an Atom feed and as a page. It looks at no cookie, so whoever
is signed in here sees no more than anybody else, and the page is in the first language that a browser asks for.

Spec: RFC 4287; RFC 9110 s12.5.4, s13.1.2; microformats2 h-feed
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request
from markupsafe import Markup

from pod.errors import NotFound
from pod.index.index import Index
from pod.posts.feed import MEDIA_TYPE, atom
from pod.posts.public import PublicPosts, PublicTimeline
from pod.protocol.conditions import Conditions, Outcome, evaluate
from pod.protocol.placement import is_storage_name
from pod.protocol.representation import ETag
from pod.protocol.resource import Target
from pod.services import Services
from pod.ui.language import best, speaking
from pod.ui.render import html
from pod.ui.views import CODE, FEEDS, RESOURCE_STYLE, Pages, feed_page, feed_url


def feeds(services: Services, index: Index) -> Blueprint:
    """Routes on the base URL."""
    routes = Blueprint("feeds", __name__)
    timeline = PublicTimeline(services, index)
    placement, pages = services.placement, Pages(services.placement)

    @routes.get(f"/{FEEDS}<pod>.atom")
    def feed(pod: str) -> Response:
        posts = timeline.of(_storage(pod))
        address, page = (each(placement.base_url, posts.storage.path) for each in (feed_url, feed_page))
        return _answer(services, posts, "atom", lambda: atom(posts, placement, address=address, page=page))

    @routes.get(f"/{FEEDS}<pod>")
    def page(pod: str) -> Response:
        posts = timeline.of(_storage(pod))
        target = Target(posts.storage.path, posts.storage.path)

        def made() -> bytes:
            return html(
                "resource/feed.html",
                name=pod,
                page=feed_page(placement.base_url, posts.storage.path),
                posts=[(each.post, Markup(each.post.html), placement.url(each.target.path)) for each in posts.entries],  # noqa: S704 -- it was cleaned
                pod=placement.url(posts.storage.path),
                feed=feed_url(placement.base_url, posts.storage.path),
                style=RESOURCE_STYLE,
                home=placement.base_url,
            ).encode()

        language = best(None, request.headers.get("Accept-Language"))
        with speaking(language):
            response = _answer(services, posts, f"{CODE}-{language}", made)
        response.headers["Content-Security-Policy"] = pages.policy_of(target)
        response.headers["Vary"] = "Accept-Language"
        if response.status_code != HTTPStatus.NOT_MODIFIED:
            response.headers["Content-Language"] = language
        return response

    return routes


def _storage(pod: str) -> str:
    """Raises: NotFound."""
    if not is_storage_name(pod):
        raise NotFound("There is no such pod.")
    return f"/{pod}/"


def _answer(services: Services, posts: PublicPosts, code: str, make: Callable[[], bytes]) -> Response:
    """Spec: RFC 9110 s13.2.2; RFC 9111 s5.2.2.4"""
    etag = ETag(services.store.epoch, 0, f"{posts.digest}-{code}")
    outcome = evaluate(Conditions.parse(request.headers.get), safe=True, etag=etag, modified=None)
    headers = {
        "ETag": etag.format(),
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "Referrer-Policy": "no-referrer",
    }
    if outcome is Outcome.NOT_MODIFIED:
        return Response(status=304, headers=headers)
    kind = f"{MEDIA_TYPE}; charset=utf-8" if code == "atom" else "text/html; charset=utf-8"
    return Response(make(), content_type=kind, headers=headers)

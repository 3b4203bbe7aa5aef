"""The subscription services on Flask: what each offers, new channels, and channels that are read or ended.

On the base URL, open to apps of any origin, without cookies. Also the document of the agent that sends notifications.

Spec: Solid Notifications Protocol #subscription; REQUIREMENTS section 14.2 and section 17, rows 35 to 37
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, request

from pod.errors import BadRequest, ContentTooLarge, NotAcceptable, NotAuthenticated, NotFound, TooManyRequests
from pod.http.open_to_apps import open_to_apps
from pod.http.proxies import effective_address
from pod.notifications import channel, gateway
from pod.notifications.sender import SENDER_PATH, sender_document
from pod.notifications.subscription import (
    ACCEPT_POST,
    MESSAGE_TYPES,
    REQUEST_BYTES_MAX,
    check_content_type,
    compacted,
    read_subscription,
)
from pod.notifications.web_push import vapid_public_key
from pod.protocol.addresses import network_of
from pod.protocol.agent import Credentials
from pod.protocol.conneg import negotiate
from pod.protocol.notification import (
    CHANNELS_PATH,
    FEATURES,
    GATEWAY_PATH,
    PROTOCOL_CONTEXT,
    SERVICES_PATH,
    SUBTREE,
    ChannelType,
)
from pod.protocol.representation import MediaType
from pod.rdf import formats
from pod.rdf.contexts import Json
from pod.remote.fairness import Rate
from pod.services import Services
from pod.store.channels import Channels

DESCRIPTION_SECONDS = 3600
JSON_LD = formats.JSON_LD.media_type
JSON = "application/json"
_RETRY = (("Retry-After", "60"),)


def notifications(services: Services) -> Blueprint:
    """Routes on the base URL."""
    routes = Blueprint("notifications", __name__)
    asking = _Asking(services)
    _services(routes, services, asking)
    _channels(routes, services, asking)
    _older_gateway(routes, services, asking)

    @routes.get(f"/{SENDER_PATH}")
    def sender() -> Response:
        base_url = services.placement.base_url
        turtle = sender_document(base_url)
        return _negotiated(services, base_url + SENDER_PATH, turtle, formats.TURTLE.media_type, _KEPT)

    open_to_apps(routes)
    return routes


class _Asking:
    """Who asks, and how often."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rate: Rate = Rate(0 if services.config.dev else services.config.subscriptions_per_minute)

    @contextmanager
    def known(self, path: str) -> Iterator[Credentials]:
        """Whoever sent the request to a path; a 401 from within tells how to sign in."""
        url = self._services.placement.base_url + path
        try:
            yield self._services.authenticator.authenticate(
                method=request.method,
                url=url,
                authorization=_values("Authorization"),
                dpop=_values("DPoP"),
                origin=request.headers.get("Origin"),
            )
        except NotAuthenticated as error:
            realm = self._services.placement.base_url
            challenges = self._services.authenticator.challenges(error, realm=realm, url=url)
            error.headers += tuple(("WWW-Authenticate", each) for each in challenges)
            raise

    def count(self, credentials: Credentials) -> str:
        """The network the request came from, once it is not too much. Raises: TooManyRequests"""
        address = effective_address(request.environ, self._services.config.trusted_proxies)
        network = network_of(address)
        who = credentials.agent if credentials.has_account else network  # WebIDs of elsewhere cost nothing
        if not self._rate.allows(who, self._services.clock.now()):
            most = self._services.config.subscriptions_per_minute
            raise TooManyRequests(f"At most {most} subscriptions a minute. Try again in one.", headers=_RETRY)
        return network


# -- subscription services ---------------------------------------------------------------------------------------------


def _services(routes: Blueprint, services: Services, asking: _Asking) -> None:
    for each in ChannelType:
        _service(routes, services, asking, each)


def _service(routes: Blueprint, services: Services, asking: _Asking, offered: ChannelType) -> None:
    path = SERVICES_PATH + offered.value
    url = services.placement.base_url + path

    @routes.get(f"/{path}", endpoint=f"about_{offered.value}", provide_automatic_options=False)
    def about() -> Response:
        """Spec: Solid Notifications Protocol #subscription-service-data-model"""
        properties: dict[str, Json] = {
            "id": url,
            "channelType": offered.value,
            "feature": [*FEATURES, SUBTREE],
        }
        if offered is ChannelType.WEB_PUSH:
            properties["vapidPublicKey"] = vapid_public_key(services.config)
        response = _negotiated(services, url, _json(compacted(PROTOCOL_CONTEXT, properties)), JSON_LD, _KEPT)
        response.headers.add(*ACCEPT_POST)
        return response

    @routes.route(f"/{path}", methods=["OPTIONS"], endpoint=f"options_of_{offered.value}")
    def options() -> Response:
        return Response(status=204, headers=[("Allow", "GET, HEAD, OPTIONS, POST"), ACCEPT_POST])

    @routes.post(f"/{path}", endpoint=f"new_{offered.value}", provide_automatic_options=False)
    def subscribe() -> Response:
        """Spec: Solid Notifications Protocol #subscription-server-subscription-response"""
        with asking.known(path) as credentials:
            network = asking.count(credentials)
            media_type = check_content_type(_content_type())
            wanted = read_subscription(_content(), media_type, offered, url)
            opened = channel.subscribe(services, wanted, credentials, network)
        told = channel.described(services, opened.channel, opened.capability)
        response = _told(services, told)
        response.status_code = 201 if offered is ChannelType.WEB_PUSH else 200
        response.headers["Location"] = told["id"]
        return response


# -- channels ----------------------------------------------------------------------------------------------------------


def _channels(routes: Blueprint, services: Services, asking: _Asking) -> None:
    @routes.get(f"/{CHANNELS_PATH}<key>")
    def about_channel(key: str) -> Response:
        with asking.known(CHANNELS_PATH + key) as credentials:
            found = channel.find(services, key, credentials)
        told = channel.described(services, found)
        return _told(services, told)

    @routes.delete(f"/{CHANNELS_PATH}<key>")
    def unsubscribe(key: str) -> Response:
        """Spec: REQUIREMENTS section 17, row 37"""
        with asking.known(CHANNELS_PATH + key) as credentials:
            found = channel.find(services, key, credentials)
        if not Channels(services.store).remove(found.id):
            raise NotFound("You have no such channel; it may have ended.")
        return Response(status=204)


# -- the older gateway -------------------------------------------------------------------------------------------------


def _older_gateway(routes: Blueprint, services: Services, asking: _Asking) -> None:
    @routes.post(f"/{GATEWAY_PATH}")
    def negotiate_protocol() -> Response:
        return _plain(gateway.negotiated(services, _content()))

    @routes.post(f"/{gateway.SOCKET_PATH}")
    def open_socket() -> Response:
        with asking.known(gateway.SOCKET_PATH) as credentials:
            network = asking.count(credentials)
            wanted = gateway.read_request(_content(), services.clock)
            opened = channel.subscribe(services, wanted, credentials, network)
        return _plain(gateway.connection(services, opened))


# -- requests and answers ----------------------------------------------------------------------------------------------


def _content_type() -> MediaType | None:
    field = request.headers.get("Content-Type")
    return MediaType.parse(field) if field else None


def _content() -> bytes:
    """Raises: ContentTooLarge; BadRequest -- there is none"""
    content = request.stream.read(REQUEST_BYTES_MAX + 1)
    if len(content) > REQUEST_BYTES_MAX:
        raise ContentTooLarge(f"A subscription request may have at most {REQUEST_BYTES_MAX} bytes.")
    if not content:
        raise BadRequest("A subscription request has content: what to listen to.")
    return content


def _values(header: str) -> list[str]:
    """A repeated header may arrive joined by commas, which no token contains."""
    return [part.strip() for field in request.headers.getlist(header) for part in field.split(",")]


def _negotiated(services: Services, url: str, content: bytes, stored: str, keeping: str) -> Response:
    """A document of ours in the media type its reader prefers. Raises: NotAcceptable"""
    offers = formats.offers(stored)
    media_type = negotiate(request.headers.get("Accept"), offers)
    if media_type is None:
        raise NotAcceptable(f"This description is available as {', '.join(offers)}.")
    if media_type != stored:
        content = formats.serialize(services.parse(content, stored, url), media_type)
    return Response(content, content_type=media_type, headers={"Cache-Control": keeping, "Vary": "Accept"})


def _told(services: Services, channel: dict[str, Json]) -> Response:
    """A channel, in JSON-LD for whoever accepts nothing we have: it exists, and must be known to be ended."""
    media_type = negotiate(request.headers.get("Accept"), MESSAGE_TYPES) or JSON_LD
    content = _json(channel)
    if media_type != JSON_LD:
        content = formats.serialize(services.parse(content, JSON_LD, channel["id"]), media_type)
    return Response(content, content_type=media_type, headers={"Cache-Control": _NOT_KEPT, "Vary": "Accept"})


def _json(document: dict[str, Json]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _plain(document: dict[str, Json]) -> Response:
    return Response(_json(document), content_type=JSON, headers={"Cache-Control": _NOT_KEPT})


_KEPT = f"public, max-age={DESCRIPTION_SECONDS}"
_NOT_KEPT = "no-store"

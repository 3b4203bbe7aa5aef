"""The WebSockets of before there were channels: `sub URL` is answered with `ack URL`, and each change with `pub URL`.

Resources name this socket in `Updates-Via`; to who is signed in, with a listener sealed into its URL. Who connects
without is nobody in particular, unless `dpop PROOF` and then `auth DPoP TOKEN` say who it is; the proof is for a GET of
the URL without its query. Read access is asked for at each `sub` and each `pub`.

Spec: Solid WebSockets API solid-0.1
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from pod.authentication.listeners import Listener
from pod.authorization.authorize import check_grant
from pod.errors import Busy, PodError
from pod.http.headers import UPDATES_PATH
from pod.notifications.connection import SILENT, TALKATIVE, Connection, Ending, Receive, Visit
from pod.notifications.feed import Heard
from pod.notifications.messages import Activity, activities, beneath
from pod.notifications.reception import CROWDED_SECONDS, Reception
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target, parent_of
from pod.services import Services
from pod.store.records import Change

PROTOCOL = "solid-0.1"
MISSING = f"warning Missing Sec-WebSocket-Protocol header, expected value '{PROTOCOL}'"
UNSUPPORTED = f"error Client does not support protocol {PROTOCOL}"
COMMANDS_MAX = 1_000
"""That one connection may send in all."""
UNSPOKEN = Ending(1002, "this speaks solid-0.1")
REFUSED = Ending(1008, "the access token or its proof was not accepted")

log = structlog.get_logger()


class LegacyConnection(Connection):
    """One such socket, and what its client asked to be told of."""

    __slots__ = ("_doubted", "_looking", "_proof", "_reception", "_until_ms", "_urls", "_who")

    def __init__(self, reception: Reception, visit: Visit, listener: Listener | None = None) -> None:
        super().__init__(visit, reception.bounds)
        self._who = listener.credentials if listener else Credentials(origin=visit.origin)
        self._reception = reception
        self._proof: str | None = None
        self._until_ms = listener.until_ms if listener else None
        self._urls: dict[str, str] = {}  # of each path that was asked for, as it was spelled
        self._doubted: dict[str, Activity] = {}  # the newest of each of those
        self._looking: asyncio.Task[None] | None = None

    @property
    def credentials(self) -> Credentials:
        return self._who

    @property
    def end_ms(self) -> int | None:
        return self._until_ms

    # -- the socket ----------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        spoken = PROTOCOL if PROTOCOL in self.visit.subprotocols else None
        await self.visit.send({"type": "websocket.accept", "subprotocol": spoken})
        if self.visit.subprotocols and spoken is None:
            await self.say(UNSUPPORTED)
            self.end(UNSPOKEN)
            return
        await self.say(f"protocol {PROTOCOL}")
        if not self.visit.subprotocols:
            await self.say(MISSING)

    async def say(self, text: str) -> None:
        await self.visit.send({"type": "websocket.send", "text": text})

    async def tell(self, message: Heard) -> None:
        await self.say(message.body.decode())

    async def sign_of_life(self, reached: int) -> None:  # noqa: ARG002 -- a ping carries nothing
        if not self.visit.line.ping():
            self.end(SILENT)

    async def farewell(self, ending: Ending) -> None:
        await self.visit.send({"type": "websocket.close", "code": ending.code, "reason": ending.reason})

    # -- what the client says ------------------------------------------------------------------------------------------

    async def attend(self, receive: Receive) -> None:
        """From the first word to the last. Raises (before anything was sent): Busy, TooManyRequests"""
        self._reception.connections.enter(self)
        try:
            await self.begin()
            self._reception.end_in_time(self)
            await self._listen(receive)
        finally:
            self._reception.live.leave(self)
            self._reception.connections.leave(self)
            self.close()

    async def _listen(self, receive: Receive) -> None:
        commands = 0
        while (message := await receive())["type"] != "websocket.disconnect":
            commands += 1
            if commands > COMMANDS_MAX:
                self.end(TALKATIVE)
            if self.ending is None:
                await self._obey(message.get("text") or "")

    async def _obey(self, text: str) -> None:
        command, _, rest = text.strip().partition(" ")
        if command == "sub":
            await self._subscribe(rest.strip())
        elif command == "unsub":
            path = self._path(rest.strip())
            self._urls.pop(path or "", None)
            self._reception.live.forget(self, path or "")
        elif command == "dpop":
            self._proof = rest
        elif command == "auth":
            await self._authenticate(rest)

    async def _subscribe(self, url: str) -> None:
        path = self._path(url)
        topics_max = self._reception.services.config.channel_topics_max
        if (
            path is None
            or len(self._urls) >= topics_max
            or not await self._reception.on_thread(lambda: may_read(self._reception.services, path, self.credentials))
        ):
            await self.say(f"err {url} forbidden")
            return
        self._urls[path] = url
        await self._reception.live.listen(self, [path])
        await self.say(f"ack {url}")

    def _path(self, url: str) -> str | None:
        """The path of a resource here; None for what is none."""
        path = self._reception.services.placement.local_path(url.partition("#")[0])
        try:
            return Target.parse(path).path if path is not None else None
        except PodError:
            return None

    async def _authenticate(self, shown: str) -> None:
        services, proof, origin = self._reception.services, self._proof, self.credentials.origin
        url = "ws" + services.config.stream_url.removeprefix("http") + UPDATES_PATH
        try:
            self._who, expires = await self._reception.on_thread(
                lambda: services.authenticator.identify(
                    method="GET",
                    url=url,
                    authorization=[shown],
                    dpop=[] if proof is None else [proof],
                    origin=origin,
                )
            )
        except PodError as error:
            await self.say(f"error {error.detail or error.title}")
            self.end(REFUSED)
            return
        until_ms = self._reception.now_ms + services.config.access_token_seconds * 1000
        self._until_ms = min(until_ms, int(expires * 1000))

    # -- as a listener -------------------------------------------------------------------------------------------------

    def wants(self, change: Change) -> bool:
        return self._until_ms is None or change.time_ms < self._until_ms

    def told(self, change: Change) -> Sequence[Activity]:
        """A container hears of whatever becomes of its members.

        Spec: Solid WebSockets API solid-0.1, subscription
        """
        all_of_it = activities(change)
        found = [each for each in all_of_it if each.topic in self._urls]
        parent = parent_of(change.path)
        if parent in self._urls and parent not in {each.topic for each in all_of_it}:
            found += filter(None, [beneath(change, parent)])
        return found

    def render(self, allowed: Sequence[Activity]) -> tuple[Heard, ...]:
        """Of what it has not taken back meanwhile."""
        asked = ((each, self._urls.get(each.topic)) for each in allowed)
        return tuple(Heard(each.sequence, each.topic, f"pub {url}".encode(), True, each) for each, url in asked if url)

    async def may_still_hear(self, message: Heard) -> bool:
        return await self._reception.may_still_hear(self, message)

    def doubt(self, change: Change) -> None:
        """There is no journal to come back to without a channel: what is in doubt is decided with time to wait."""
        self._doubted |= {each.topic: each for each in self.told(change)}
        if self._doubted and self._looking is None and self.ending is None:
            self._looking = asyncio.create_task(self._look_again())

    async def _look_again(self) -> None:
        try:
            while self._doubted and self.ending is None:
                await self._decide(self._doubted.pop(next(iter(self._doubted))))
        except Exception:  # the border: it would seem to listen and be deaf
            log.exception("looking again failed")
            self.visit.line.abort()
        self._looking = None

    async def _decide(self, activity: Activity) -> None:
        reception = self._reception
        decide = partial(reception.audience.may_hear, reception.services.store, activity, self.credentials)
        try:
            if await reception.on_thread(decide):
                self.hear(self.render([activity]))
        except Busy:
            self._doubted.setdefault(activity.topic, activity)
            await asyncio.sleep(CROWDED_SECONDS)


def may_read(services: Services, path: str, credentials: Credentials) -> bool:
    """Now, waiting for groups of other servers if need be."""
    snapshot = services.store.describe(Target.parse(path), credentials.grant, with_body=False)
    if snapshot.storage is None or snapshot.storage.status != "active":
        return False
    try:
        check_grant(snapshot, credentials)
        decision = services.authorizer.decide(services.store, snapshot, credentials, may_wait=True)
    except PodError:
        return False
    may = AccessMode.READ in decision.modes
    if AccessMode.READ not in decision.public:
        who = credentials.agent, credentials.client
        services.access_log.note(path, *who, AccessMode.READ, allowed=may, issuer=credentials.issuer)
    return may

"""What an app that somebody signed in to may ask about them: who it is, and nothing more. The profile is in the pod.

Spec: OpenID Connect Core s5.3
"""

from __future__ import annotations

from pod.errors import InvalidToken, NotAuthenticated
from pod.protocol.agent import Credentials
from pod.services import Services


def userinfo(services: Services, credentials: Credentials) -> dict[str, str]:
    """The claims about whoever the access token speaks for.

    Raises: NotAuthenticated -- there was no token; InvalidToken -- another server's, or taken back.
    """
    if credentials.agent is None:
        raise NotAuthenticated("Send the access token of the person, with a DPoP proof.")
    grant = None if credentials.grant is None else services.apps.grant(credentials.grant)
    if grant is None or not grant.stands:
        raise InvalidToken("The access token is not one of this server, or was taken back.")
    return {"sub": grant.web_id, "webid": grant.web_id}

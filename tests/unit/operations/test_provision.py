"""What a new pod shares, and that both languages of access rules share the same of it."""

import pytest

from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.resource import Target
from tests.support.people import alice_of, opened

ALL, NOTHING = "read write append control", ""
SHARED = {
    "": NOTHING,
    "new": NOTHING,
    "new/deep": NOTHING,
    "profile/": NOTHING,
    "profile/card": "read",
    "profile/card.meta": "read",
    "profile/card.acl": NOTHING,
    "profile/new": NOTHING,
    "inbox/": "append",
    "inbox/.acl": NOTHING,
    "inbox/new": NOTHING,
    "inbox/new/deep": NOTHING,
    "settings/": NOTHING,
    "settings/prefs.ttl": NOTHING,
    "settings/publicTypeIndex.ttl": "read",
    "settings/publicTypeIndex.ttl.acl": NOTHING,
    "settings/privateTypeIndex.ttl": NOTHING,
    "settings/new": NOTHING,
}
"""Path in the pod -> what everybody may."""


@pytest.mark.parametrize("language", ["wac", "acp"])
def test_a_new_pod_shares_the_same_in_both_languages(tmp_path, language):
    with opened(tmp_path / "data", access_control=language) as services:
        alice_of(services)

        def modes(path, who):
            snapshot = services.store.describe(Target.parse(f"/alice/{path}"))
            decision = services.authorizer.decide(services.store, snapshot, who)
            return " ".join(decision.modes.names()), " ".join(decision.public.names())

        (owner,) = services.store.describe(Target.parse("/alice/")).storage.owners
        asked = {"owner": Credentials(owner), "other": Credentials("https://bob.example/#me"), "public": PUBLIC}
        found = {who: {path: modes(path, asked[who]) for path in SHARED} for who in asked}
    assert found["owner"] == {path: (ALL, public) for path, public in SHARED.items()}
    assert found["other"] == found["public"] == {path: (public, public) for path, public in SHARED.items()}

"""The server as a sender: its document, and tokens that a receiver can verify and nobody can use elsewhere."""

from __future__ import annotations

import pytest
import rdflib

from pod.authentication.access_token import AccessTokens
from pod.authentication.dpop import ProofRules, verify_proof
from pod.authentication.keys import OwnKeys
from pod.errors import InvalidDPoPProof
from pod.notifications.sender import RENEWED_SECONDS, TOKEN_SECONDS, Sender, sender, sender_document
from tests.support.client import SOLID
from tests.support.people import PUBLIC, opened, pass_time

URL = "https://hooks.example/in?x=1"
RULES = ProofRules(window_seconds=60, skew_seconds=10, ath_required=True)


@pytest.fixture
def services(tmp_path):
    with opened(tmp_path / "data") as found:
        yield found


def sent(services, maker=None):
    maker = maker or Sender(services.keys, PUBLIC, services.clock)
    fields = maker.fields(URL)
    return fields["Authorization"].removeprefix("DPoP "), fields["DPoP"]


def test_its_document_names_our_issuer():
    graph = rdflib.Graph().parse(data=sender_document(PUBLIC), format="turtle")
    assert list(graph.objects(rdflib.URIRef(sender(PUBLIC)), SOLID.oidcIssuer)) == [rdflib.URIRef(PUBLIC)]


@pytest.mark.requirement("webhook2023#auth-delivery")
def test_its_token_is_one_of_ours_and_bound_to_its_proof(services):
    token, proof = sent(services)
    tokens = AccessTokens(PUBLIC, OwnKeys(PUBLIC, services.keys), None, entries_max=1, skew_seconds=0)
    verified = tokens.verify(token, services.clock.now())
    made = verify_proof([proof], method="POST", url=URL, token=token, now=services.clock.now(), rules=RULES)
    assert (verified.agent, verified.grant, verified.jkt) == (sender(PUBLIC), None, made.jkt)


@pytest.mark.requirement("webhook2023#auth-delivery")
def test_a_proof_is_for_one_receiver(services):
    token, proof = sent(services)
    with pytest.raises(InvalidDPoPProof):
        verify_proof(
            [proof], method="POST", url="https://else.example/", token=token, now=services.clock.now(), rules=RULES
        )


def test_a_token_is_used_until_it_has_little_time_left(services):
    maker = Sender(services.keys, PUBLIC, services.clock)
    first, first_proof = sent(services, maker)
    pass_time(services, TOKEN_SECONDS - RENEWED_SECONDS - 1)
    second, second_proof = sent(services, maker)
    pass_time(services, 1)
    third, _ = sent(services, maker)
    assert (first == second, second == third, first_proof == second_proof) == (True, False, False)


def test_a_clock_that_is_set_back_gets_a_token_of_its_own_time(services):
    maker = Sender(services.keys, PUBLIC, services.clock)
    first, _ = sent(services, maker)
    pass_time(services, -3600)
    assert sent(services, maker)[0] != first

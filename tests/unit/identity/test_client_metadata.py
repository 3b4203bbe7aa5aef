"""What apps say about themselves, and what is made of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import InvalidClientMetadata, InvalidRedirectURI
from pod.identity.client_metadata import (
    DEFAULT_SCOPE,
    NAME_CHARACTERS_MAX,
    REDIRECT_URIS_MAX,
    Client,
    checked_registration,
    document_client,
    is_document_url,
    parse_json,
    registered_client,
)

CALLBACK = "https://app.example/cb"
APP = "https://app.example/id"
MINIMAL = {"redirect_uris": [CALLBACK]}


def registered(**members) -> Client:
    return registered_client("abc", checked_registration(MINIMAL | members), None)


def described(**members) -> Client:
    return document_client(APP, {"client_id": APP} | MINIMAL | members)


def test_a_registration_that_says_little_gets_the_defaults():
    client = registered()
    assert client.name == client.host == "app.example"
    assert not client.verified
    assert (client.grant_types, client.response_types) == (("authorization_code",), ("code",))
    assert client.token_endpoint_auth_method == "client_secret_basic"
    assert client.id_token_signed_response_alg == "RS256"
    assert client.scope == DEFAULT_SCOPE


def test_a_document_is_of_the_host_it_came_from():
    client = described(redirect_uris=["https://elsewhere.example/cb"])
    assert client.verified
    assert client.host == client.name == "app.example"
    assert client.token_endpoint_auth_method == "none"


@pytest.mark.requirement("rfc7591#2")
@pytest.mark.parametrize("uris", [None, [], "https://app.example/cb", [1], [None], {"0": CALLBACK}])
def test_redirect_uris_must_be_registered(uris):
    with pytest.raises(InvalidRedirectURI):
        checked_registration({"redirect_uris": uris} if uris is not None else {})


@pytest.mark.requirement("rfc7591#2")
def test_unknown_metadata_is_ignored():
    metadata = checked_registration(MINIMAL | {"client_name#de": "Notizen", "frobnicate": {"deep": [1]}})
    assert not {"client_name#de", "frobnicate"} & metadata.keys()


@pytest.mark.requirement("oidc#clientids-oidc/2")
def test_scope_is_kept_as_it_is_sent():
    scope = "openid profile offline_access webid"
    assert checked_registration(MINIMAL | {"scope": scope})["scope"] == scope
    assert registered(scope=scope).scope == scope
    assert registered(scope=" openid  webid ").scope == "openid webid"


def test_what_is_not_offered_is_left_out_of_the_registration():
    metadata = checked_registration(
        MINIMAL
        | {
            "grant_types": ["implicit", "refresh_token", "authorization_code"],
            "response_types": ["code", "id_token token"],
            "subject_type": "pairwise",
        }
    )
    assert metadata["grant_types"] == ["authorization_code", "refresh_token"]
    assert metadata["response_types"] == ["code"]
    assert metadata["subject_type"] == "public"


@pytest.mark.parametrize(
    "members",
    [
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"response_types": []},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": ["none"]},
        {"application_type": "desktop"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"dpop_bound_access_tokens": "yes"},
        {"scope": ["openid"]},
        {"scope": ""},
        {"scope": 'a "b"'},
        {"scope": "x" * 1001},
        {"client_name": ["Notes"]},
        {"client_name": "x" * 5000},
        {"logo_uri": 7},
        {"contacts": "me@app.example"},
        {"software_id": {}},
        {"jwks_uri": "http://app.example/keys"},
        {"jwks_uri": "https://app.example/keys", "jwks": {"keys": []}},
        {"jwks": []},
        {"jwks": {"keys": {}}},
        {"jwks": {"keys": [{"kty": {"deep": 1}}]}},
    ],
    ids=str,
)
def test_metadata_of_other_kinds_are_refused(members):
    with pytest.raises(InvalidClientMetadata) as refused:
        checked_registration(MINIMAL | members)
    assert refused.value.error == "invalid_client_metadata"


def test_no_more_redirect_uris_than_the_cap():
    uris = [f"{CALLBACK}/{number}" for number in range(REDIRECT_URIS_MAX + 1)]
    assert len(registered(redirect_uris=uris[:-1]).redirect_uris) == REDIRECT_URIS_MAX
    with pytest.raises(InvalidRedirectURI):
        registered(redirect_uris=uris)


@pytest.mark.requirement("rfc7591#5")
@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://app.example/page", True),
        ("https://app.example:8443/page", True),
        ("https://app.example.evil.example/page", False),
        ("https://cdn.example/page", False),
        ("https://app.example@evil.example/page", False),
        ("http://app.example/page", False),
        ("javascript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("/page", False),
        ("", False),
    ],
)
def test_pages_and_logos_are_on_a_host_of_the_app_or_dropped(member, url, kept):
    assert (member in checked_registration(MINIMAL | {member: url})) == kept
    client = described(**{member: url})
    assert (url in {client.uri, client.logo_uri, client.policy_uri, client.tos_uri}) == kept


def test_pages_of_an_app_under_development_are_on_loopback():
    client = registered(redirect_uris=["http://localhost:5173/"], logo_uri="http://localhost:5173/logo.png")
    assert client.logo_uri == "http://localhost:5173/logo.png"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  My\tnotes\n", "My notes"),
        ("evil\u202egnp.exe", "evil gnp.exe"),
        ("\u200b\u2060", "app.example"),
        ("\u200d", "app.example"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\0b\ud800c", "a b c"),
        ("x" * 300, "x" * NAME_CHARACTERS_MAX),
        ("", "app.example"),
    ],
)
def test_names_are_on_one_line_and_hide_nothing(name, shown):
    assert registered(client_name=name).name == shown


@pytest.mark.requirement("cimd#client-id-metadata-documents")
@pytest.mark.parametrize(
    "members",
    [
        {"client_id": APP + "/"},
        {"client_id": "https://APP.example/id"},
        {"client_id": "https://app.example:443/id"},
        {"client_id": None},
        {"client_id": [APP]},
        {"client_secret": "secret"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": []},
    ],
    ids=str,
)
def test_a_document_of_another_or_with_a_secret_is_refused(members):
    with pytest.raises(InvalidClientMetadata):
        described(**members)


@pytest.mark.requirement("cimd#client-id-metadata-documents")
@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://app.example/id", True),
        ("https://app.example/", True),
        ("https://app.example:8443/id?v=2", True),
        ("https://app.example", False),
        ("https://app.example?id", False),
        ("https://app.example/id#app", False),
        ("https://me@app.example/id", False),
        ("https://app.example/a/../id", False),
        ("https://app.example/./id", False),
        ("https://app.example/%2e%2e/id", False),
        ("http://app.example/id", False),
        ("ftp://app.example/id", False),
        ("https://app.example/\\id", False),
    ],
)
def test_a_client_id_is_a_url_of_one_spelling(url, usable):
    assert is_document_url(url) is usable


def test_http_is_a_client_id_where_it_is_allowed():
    assert is_document_url("http://localhost:8080/id", insecure=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"a": 1} x',
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\xff"}',
        '{"a": "ü"}'.encode("utf-16"),
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a": ' + b"1" * 10_000 + b"}",
    ],
    ids=range(13),
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(InvalidClientMetadata):
        parse_json(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just(CALLBACK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(
    [
        "redirect_uris",
        "post_logout_redirect_uris",
        "client_name",
        "logo_uri",
        "scope",
        "grant_types",
        "response_types",
        "contacts",
        "jwks",
        "jwks_uri",
        "application_type",
        "token_endpoint_auth_method",
        "id_token_signed_response_alg",
        "dpop_bound_access_tokens",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(MEMBERS, VALUES, max_size=5))
def test_a_registration_is_refused_or_can_be_read_back(members):
    try:
        metadata = checked_registration(MINIMAL | members)
    except InvalidClientMetadata:
        return
    assert checked_registration(metadata) == metadata
    assert registered_client("abc", json.loads(json.dumps(metadata)), None).allows_redirect(
        metadata["redirect_uris"][0]
    )


def test_grants_and_logout_uris_are_those_that_were_named():
    client = registered(grant_types=["authorization_code", "refresh_token"], post_logout_redirect_uris=[CALLBACK])
    assert client.allows_grant("refresh_token")
    assert not client.allows_grant("client_credentials")
    assert client.allows_logout_redirect(CALLBACK)
    assert not client.allows_logout_redirect(CALLBACK + "/")
    assert not registered().allows_logout_redirect(CALLBACK)

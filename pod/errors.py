"""What can go wrong, as classes. Each says its status, its problem type and a text that is safe to show.

Two audiences, never mixed: `detail` is written for the client, names the thing and the way out, and leaks nothing the
client could not read; the cause rides on `raise ... from` to the log. Rendered once, in http/problems.py.

Spec: RFC 9457; Solid #server-content-type-includes
"""

from __future__ import annotations

from typing import Any, ClassVar


class PodError(Exception):
    """Anything a client is told about. `extras` become members of the problem document, `headers` of the answer."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on this server"

    def __init__(self, detail: str = "", *, headers: tuple[tuple[str, str], ...] = (), **extras: Any) -> None:  # JSON
        super().__init__(detail or self.title)
        self.detail = detail
        self.headers = headers
        self.extras = extras


# -- the request itself ------------------------------------------------------------------------------------------------


class BadRequest(PodError):
    status, type, title = 400, "bad-request", "The request cannot be understood"


class MalformedTarget(BadRequest):
    type, title = "malformed-target", "The URL is not one this server can use"


class ContentTypeMissing(BadRequest):
    """Spec: Solid #server-content-type-missing"""

    type, title = "content-type-missing", "The request has content but no Content-Type"


class MalformedContent(BadRequest):
    """Content that does not parse as what its Content-Type says."""

    type, title = "malformed-content", "The content does not parse"


class TruncatedContent(BadRequest):
    type, title = "truncated-content", "The content ended before its announced length"


class ContentRangeUnsupported(BadRequest):
    """Spec: RFC 9110 s14.5"""

    type, title = "content-range", "Partial PUT is not supported"


class UnknownClient(BadRequest):
    """No app goes by this client id, as far as can be told now. Never answered with a redirect: RFC 6749 s4.1.2.1."""

    type, title = "unknown-client", "This app is not known here"


class RefusedAuthorization(BadRequest):
    """An app's request to sign someone in that is not answered by a redirect: where to is not certain, or no longer."""

    type, title = "refused-authorization", "This app cannot sign you in"


class InvalidClientMetadata(BadRequest):
    """What an app says about itself cannot be used. `error` is the code of RFC 7591 s3.2.2."""

    type, title = "invalid-client-metadata", "The app's description of itself cannot be used"
    error: ClassVar[str] = "invalid_client_metadata"


class InvalidRedirectURI(InvalidClientMetadata):
    """Spec: RFC 7591 s3.2.2, s5; RFC 8252 s8.4"""

    type, title = "invalid-redirect-uri", "The app may not be sent back to this URL"
    error = "invalid_redirect_uri"


class NotAuthenticated(PodError):
    """No valid credentials where they are needed. http/ adds the challenges."""

    status, type, title = 401, "not-authenticated", "Sign in to do this"


class InvalidToken(NotAuthenticated):
    """An access token or its proof does not hold. `error` is the code of RFC 6750 or RFC 9449."""

    type, title = "invalid-token", "The access token was not accepted"
    error: ClassVar[str] = "invalid_token"


class InvalidDPoPProof(InvalidToken):
    type, title = "invalid-dpop-proof", "The DPoP proof was not accepted"
    error = "invalid_dpop_proof"


class BearerRefused(InvalidToken):
    """A token sent as `Bearer`. Spec: RFC 9449 s7.2"""

    type, title = "bearer-refused", "Access tokens must be sent with the DPoP scheme"


class AmbiguousCredentials(BadRequest):
    """More than one `Authorization` field. `error` is the code of RFC 6750."""

    type, title = "ambiguous-credentials", "The request carries more than one set of credentials"
    error: ClassVar[str] = "invalid_request"


class AccessDenied(PodError):
    """Authenticated, but not allowed."""

    status, type, title = 403, "access-denied", "You are not allowed to do this"


class ForeignForm(AccessDenied):
    """A form that did not come from the page it should, in the browser that was given the page."""

    type, title = "foreign-form", "This form has expired; open the page again"


class CeilingReached(AccessDenied):
    """The person may, the app they use was not let. `widen` is where they can change that, `authorization_details` what
    the app can ask for when it signs them in again; `permittedModes` is what it may do here. Spec: RFC 9396 s2
    """

    type, title = "app-not-permitted", "This app was not given access to this"


class Withheld(AccessDenied):
    """The operators of the server keep it from all but its owner. Spec: RFC 7725 s3"""

    status, type, title = 451, "withheld", "The operators of this server do not show this"


class KeptOut(AccessDenied):
    """The operators of the server let this agent, or everybody from their host, do nothing here."""

    type, title = "kept-out", "The operators of this server do not let you in"


class GroupInUse(AccessDenied):
    """A document that says who gets in somewhere, for an app that may not change the rules there."""

    type, title = "group-in-use", "This app may not change who gets in"


class WrongPassword(PodError):
    """The same for a name that is not there, a wrong password and an account that is locked."""

    status, type, title = 403, "wrong-password", "The name or the password is wrong"


class RegistrationClosed(PodError):
    status, type, title = 403, "registration-closed", "Nobody can sign up here by themselves"


class NotFound(PodError):
    status, type, title = 404, "not-found", "There is nothing here"


class MethodNotAllowed(PodError):
    """`headers` carry `Allow`. Spec: Solid #server-method-not-allowed, RFC 9110 s15.5.6"""

    status, type, title = 405, "method-not-allowed", "This resource does not support that method"


class NotAcceptable(PodError):
    status, type, title = 406, "not-acceptable", "No representation matches the Accept header"


class RequestTimeout(PodError):
    """Spec: RFC 9110 s15.5.9"""

    status, type, title = 408, "request-timeout", "The content arrived too slowly"


class Conflict(PodError):
    status, type, title = 409, "conflict", "The request conflicts with what is there"


class ReservedName(Conflict):
    """A name the server keeps for itself: auxiliary suffixes, and a leading dot under a storage root."""

    type, title = "reserved-name", "This name is reserved by the server"


class SlashTwinExists(Conflict):
    """Spec: Solid #server-uri-trailing-slash-distinct"""

    type, title = "slash-twin", "The same name exists with or without its trailing slash"


class ContainerNotEmpty(Conflict):
    """Spec: Solid #server-delete-protect-nonempty-container"""

    type, title = "container-not-empty", "The container is not empty"


class ProtectedStatement(Conflict):
    """Spec: Solid #server-protect-containment, #server-protect-contained-resource-metadata; WebID Profile
    #server-update-protected-triples
    """

    type, title = "protected-statement", "The request changes statements that the server manages"


class PatchDidNotMatch(Conflict):
    """Spec: Solid #server-patch-n3-semantics-no-mapping, #server-patch-n3-semantics-deletions-non-empty-all-triples"""

    type, title = "patch-did-not-match", "The patch does not fit the document"


class JournalGone(PodError):
    """A cursor points to journal entries that are no longer kept, or into the time before a restore."""

    status, type, title = 410, "journal-gone", "The changes since then are no longer kept"


class PodLeaving(PodError):
    """The storage goes with its account, soon. The same to everyone, its owner too."""

    status, type, title = 410, "pod-leaving", "The owner of this pod is deleting it"


class LinkExpired(PodError):
    """A link that works once and for a while. One that never was is answered alike."""

    status, type, title = 410, "link-expired", "This link was used before, or is too old"


class LinkEnded(PodError):
    """A link that somebody shared: withdrawn, over, opened as often as it could be, or without what it led to."""

    status, type, title = 410, "link-ended", "This link does not work any more"


class PreconditionFailed(PodError):
    status, type, title = 412, "precondition-failed", "The resource is not in the state the request requires"


class ContentTooLarge(PodError):
    status, type, title = 413, "content-too-large", "The content is too large"


class TargetTooLong(PodError):
    status, type, title = 414, "target-too-long", "The URL is too long"


class UnsupportedMediaType(PodError):
    """`headers` carry `Accept-Patch`, `Accept-Post` or `Accept-Put`."""

    status, type, title = 415, "unsupported-media-type", "This media type is not supported here"


class RangeNotSatisfiable(PodError):
    """`headers` carry `Content-Range: bytes */N`."""

    status, type, title = 416, "range-not-satisfiable", "The requested range lies outside the resource"


class Misdirected(PodError):
    status, type, title = 421, "misdirected-request", "This server does not serve that host"


class UnprocessableContent(PodError):
    """Well-formed, but breaks a rule. Spec: Solid #server-patch-n3-invalid"""

    status, type, title = 422, "unprocessable-content", "The content breaks a rule"


class Locked(PodError):
    """Spec: RFC 4918 s11.3"""

    status, type, title = 423, "locked", "Somebody else is changing this"


class TooManyRequests(PodError):
    """`headers` carry `Retry-After`."""

    status, type, title = 429, "too-many-requests", "Too many requests"


class HeaderTooLarge(PodError):
    status, type, title = 431, "header-too-large", "A header field is too large"


class NotImplementedHere(PodError):
    status, type, title = 501, "not-implemented", "This server does not know that method"


class Busy(PodError):
    """A bounded retry ran out. `headers` carry `Retry-After`."""

    status, type, title = 503, "busy", "The server is busy; try again"


class VersionMoved(Busy):
    """What was read has changed meanwhile. Read again; raised to a client only when that was tried often enough."""

    type, title = "version-moved", "The resource is being changed by others; try again"


class NoSpaceLeft(PodError):
    """The machine's disk is full, whatever the quota says."""

    status, type, title = 507, "no-space-left", "This server has no space left"


class ProviderFailed(PodError):
    """The organisation's OpenID provider did not answer, or not with anything to be believed."""

    status, type, title = 502, "provider-failed", "The organisation's sign-in does not work just now"


class StoreUnavailable(PodError):
    """The machine does not let the server use its own files: a faulty disk, a file system gone read-only."""

    status, type, title = 503, "store-unavailable", "The server cannot use its disk"


class CommitUncertain(StoreUnavailable):
    """A commit that did not reach the disk for certain: nothing was changed, but after a crash it may have been."""


class QuotaExceeded(PodError):
    status, type, title = 507, "quota-exceeded", "The storage is full"


class LinkFull(PodError):
    """Somebody's link takes in no more of this."""

    status, type, title = 507, "link-full", "There is no room for this file"


class InboxFull(PodError):
    """It has room of its own, whatever the quota says; its owner makes more by deleting notifications."""

    status, type, title = 507, "inbox-full", "The inbox is full"


# -- ours, never the client's ------------------------------------------------------------------------------------------


class StorageDamaged(PodError):
    """The store breaks one of its own promises. Deny and alert; `freehold fsck` says more."""

    type = "storage-damaged"


class OtherAccessControl(PodError):
    """The data directory holds access rules of the other language. Refused at start."""

    type, title = "other-access-control", "The data holds access rules of another language"


class NewerSchema(PodError):
    """The data directory was written by a newer version. Refused at start."""

    type, title = "newer-schema", "The data directory belongs to a newer version"

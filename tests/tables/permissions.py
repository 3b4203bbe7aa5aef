"""The permission table: which modes a request needs, as data, whatever language the modes are written in.

Each row says: a request (method, target, body), the modes an agent holds, and what happens if the target exists and if
it does not. After the PermissionTable of CommunitySolidServer, which goes back to solid/specification#14.

Targets, in a container C/ of alice's:
    document    C/R                 container   C/N/ (empty)        full        C/F/ (with a member)
    itself      C/ (exists)         deep        C/X/Y/R (no C/X/)
    acl         C/R.acl             meta        C/R.meta            (C/R exists; the row's "exists" is about these)
    box acl     C/N/.acl            box meta    C/N/.meta
    stray acl   C/Z.acl             stray meta  C/Z.meta            (there is no C/Z)
    root        the storage root    root acl    its ACL

Modes: R read, A append, W write, C control. `on_c` are held on C/ itself (for the root: on the root), `inside` on all that
C/ contains or will contain. SAME as on C/; a leading "!" gives them by rules of the target's own (its subject's) instead,
and `on_c` to the rest of what is inside; for `acl` targets that exist they always stand in the target itself.

Whoever runs the table says in which language the modes are written; languages.py knows how.

An outcome is a status and an effect: `read`, `made`, `changed`, `gone`, or none: nothing at all is different afterwards.
403 stands for 401 when nobody is signed in.
"""

from __future__ import annotations

from typing import NamedTuple

SAME = "="

INSERT = "insert"
"""A patch that adds a statement; needs Append."""
DELETE = "delete"
"""A patch that takes a statement away that must be there; needs Read and Write."""
CHANGE = "change"
"""A patch that replaces a statement found by a pattern; needs Read and Write."""
SPARQL = "sparql"
"""An insertion as SPARQL Update; needs Append."""


class Row(NamedTuple):
    """One request and its outcomes: `exists` and `missing` are about the target, None where that cannot be."""

    method: str
    target: str
    on_c: str
    inside: str
    exists: str | None
    missing: str | None
    body: str = ""


TABLE = [
    # -- reading takes Read on the target, and nothing else helps
    Row("GET", "document", "", SAME, "403", "403"),
    Row("GET", "document", "R", SAME, "200 read", "404"),
    Row("GET", "document", "", "R", "200 read", "404"),
    Row("GET", "document", "R", "", "403", "403"),
    Row("GET", "document", "R", "W", "403", "403"),
    Row("GET", "document", "A", SAME, "403", "403"),
    Row("GET", "document", "W", SAME, "403", "403"),
    Row("GET", "document", "C", SAME, "403", "403"),
    Row("GET", "document", "AWC", SAME, "403", "403"),
    Row("GET", "document", "", "!R", "200 read", None),
    Row("GET", "document", "R", "!", "403", None),
    Row("GET", "document", "R", "!W", "403", None),
    Row("HEAD", "document", "", SAME, "403", "403"),
    Row("HEAD", "document", "R", SAME, "200", "404"),
    Row("HEAD", "document", "", "R", "200", "404"),
    Row("HEAD", "document", "W", SAME, "403", "403"),
    Row("OPTIONS", "document", "", SAME, "403", "403"),
    Row("OPTIONS", "document", "R", SAME, "204", "204"),
    Row("OPTIONS", "document", "", "R", "204", "204"),
    Row("OPTIONS", "document", "W", SAME, "403", "403"),
    Row("GET", "itself", "", "R", "403", None),
    Row("GET", "itself", "R", "", "200 read", None),
    Row("GET", "itself", "W", SAME, "403", None),
    Row("GET", "container", "R", SAME, "200 read", "404"),
    Row("GET", "container", "R", "", "403", "403"),
    Row("HEAD", "container", "", "R", "200", "404"),
    Row("GET", "deep", "R", SAME, None, "404"),
    Row("GET", "deep", "", SAME, None, "403"),
    # -- POST takes Append on the container; what it creates is not asked
    Row("POST", "itself", "", SAME, "403", None),
    Row("POST", "itself", "R", SAME, "403", None),
    Row("POST", "itself", "C", SAME, "403", None),
    Row("POST", "itself", "A", SAME, "201 made", None),
    Row("POST", "itself", "W", SAME, "201 made", None),
    Row("POST", "itself", "A", "", "201 made", None),
    Row("POST", "itself", "A", "R", "201 made", None),
    Row("POST", "itself", "RA", "R", "201 made", None),
    Row("POST", "itself", "", "A", "403", None),
    Row("POST", "itself", "R", "W", "403", None),
    Row("POST", "container", "", SAME, "403", "403"),
    Row("POST", "container", "", "R", "403", "404"),
    Row("POST", "container", "", "A", "201 made", "404"),
    Row("POST", "container", "W", "", "403", "403"),
    Row("POST", "document", "", SAME, "403", "403"),
    Row("POST", "document", "A", SAME, "405", "404"),
    # -- PUT takes Write to replace; to create, Append on what comes to be and on where it comes to be
    Row("PUT", "document", "", SAME, "403", "403"),
    Row("PUT", "document", "", "R", "403", "403"),
    Row("PUT", "document", "", "A", "403", "403"),
    Row("PUT", "document", "", "W", "204 changed", "403"),
    Row("PUT", "document", "R", SAME, "403", "403"),
    Row("PUT", "document", "A", SAME, "403", "201 made"),
    Row("PUT", "document", "W", SAME, "204 changed", "201 made"),
    Row("PUT", "document", "C", SAME, "403", "403"),
    Row("PUT", "document", "A", "W", "204 changed", "201 made"),
    Row("PUT", "document", "W", "", "403", "403"),
    Row("PUT", "document", "W", "R", "403", "403"),
    Row("PUT", "document", "W", "A", "403", "201 made"),
    Row("PUT", "document", "RAC", SAME, "403", "201 made"),
    Row("PUT", "document", "", "!W", "204 changed", None),
    Row("PUT", "document", "W", "!", "403", None),
    Row("PUT", "document", "W", "!RA", "403", None),
    Row("PUT", "container", "", SAME, "403", "403"),
    Row("PUT", "container", "R", SAME, "403", "403"),
    Row("PUT", "container", "A", SAME, "403", "201 made"),
    Row("PUT", "container", "W", SAME, "409", "201 made"),
    Row("PUT", "container", "", "W", "409", "403"),
    Row("PUT", "container", "W", "", "403", "403"),
    Row("PUT", "itself", "W", SAME, "409", None),
    Row("PUT", "itself", "A", SAME, "403", None),
    # -- and so does every container that is made on the way
    Row("PUT", "deep", "", SAME, None, "403"),
    Row("PUT", "deep", "R", SAME, None, "403"),
    Row("PUT", "deep", "A", SAME, None, "201 made"),
    Row("PUT", "deep", "W", SAME, None, "201 made"),
    Row("PUT", "deep", "", "W", None, "403"),
    Row("PUT", "deep", "W", "", None, "403"),
    Row("PUT", "deep", "A", "R", None, "403"),
    Row("PATCH", "deep", "A", SAME, None, "201 made", INSERT),
    Row("PATCH", "deep", "", "A", None, "403", INSERT),
    Row("PATCH", "deep", "R", SAME, None, "403", INSERT),
    # -- PATCH takes what the patch does: Append to insert, Read and Write to delete, Read to look
    Row("PATCH", "document", "", SAME, "403", "403", INSERT),
    Row("PATCH", "document", "", "R", "403", "403", INSERT),
    Row("PATCH", "document", "", "A", "204 changed", "403", INSERT),
    Row("PATCH", "document", "", "W", "204 changed", "403", INSERT),
    Row("PATCH", "document", "A", SAME, "204 changed", "201 made", INSERT),
    Row("PATCH", "document", "W", SAME, "204 changed", "201 made", INSERT),
    Row("PATCH", "document", "A", "W", "204 changed", "201 made", INSERT),
    Row("PATCH", "document", "W", "", "403", "403", INSERT),
    Row("PATCH", "document", "C", SAME, "403", "403", INSERT),
    Row("PATCH", "document", "", "!A", "204 changed", None, INSERT),
    Row("PATCH", "document", "A", "!R", "403", None, INSERT),
    Row("PATCH", "document", "", SAME, "403", "403", SPARQL),
    Row("PATCH", "document", "R", SAME, "403", "403", SPARQL),
    Row("PATCH", "document", "A", SAME, "204 changed", "201 made", SPARQL),
    Row("PATCH", "document", "", "A", "204 changed", "403", SPARQL),
    Row("PATCH", "document", "", SAME, "403", "403", DELETE),
    Row("PATCH", "document", "", "R", "403", "404", DELETE),
    Row("PATCH", "document", "", "A", "403", "403", DELETE),
    Row("PATCH", "document", "", "W", "403", "403", DELETE),
    Row("PATCH", "document", "RA", SAME, "403", "404", DELETE),
    Row("PATCH", "document", "W", SAME, "403", "403", DELETE),
    Row("PATCH", "document", "", "RW", "204 changed", "403", DELETE),
    Row("PATCH", "document", "RW", SAME, "204 changed", "409", DELETE),
    Row("PATCH", "document", "A", "W", "403", "403", DELETE),
    Row("PATCH", "document", "RW", "!RW", "204 changed", None, DELETE),
    Row("PATCH", "document", "RW", "!W", "403", None, DELETE),
    Row("PATCH", "document", "R", SAME, "403", "403", CHANGE),
    Row("PATCH", "document", "A", SAME, "403", "403", CHANGE),
    Row("PATCH", "document", "W", SAME, "403", "403", CHANGE),
    Row("PATCH", "document", "RW", SAME, "204 changed", "409", CHANGE),
    Row("PATCH", "container", "", SAME, "403", "403", INSERT),
    Row("PATCH", "container", "W", SAME, "405", "405", INSERT),
    # -- DELETE takes Write on the target and on its container; Read too on a container, since it shows if it is empty
    Row("DELETE", "document", "", SAME, "403", "403"),
    Row("DELETE", "document", "", "R", "403", "404"),
    Row("DELETE", "document", "", "A", "403", "403"),
    Row("DELETE", "document", "", "W", "403", "403"),
    Row("DELETE", "document", "R", SAME, "403", "404"),
    Row("DELETE", "document", "A", SAME, "403", "403"),
    Row("DELETE", "document", "A", "R", "403", "404"),
    Row("DELETE", "document", "W", SAME, "204 gone", "403"),
    Row("DELETE", "document", "RW", SAME, "204 gone", "404"),
    Row("DELETE", "document", "W", "R", "403", "404"),
    Row("DELETE", "document", "W", "A", "403", "403"),
    Row("DELETE", "document", "W", "", "403", "403"),
    Row("DELETE", "document", "RA", "W", "403", "404"),
    Row("DELETE", "document", "C", SAME, "403", "403"),
    Row("DELETE", "document", "", "!W", "403", None),
    Row("DELETE", "document", "W", "!W", "204 gone", None),
    Row("DELETE", "document", "W", "!RA", "403", None),
    Row("DELETE", "container", "", SAME, "403", "403"),
    Row("DELETE", "container", "R", SAME, "403", "404"),
    Row("DELETE", "container", "A", SAME, "403", "403"),
    Row("DELETE", "container", "W", SAME, "403", "403"),
    Row("DELETE", "container", "RW", SAME, "204 gone", "404"),
    Row("DELETE", "container", "W", "RW", "204 gone", "403"),
    Row("DELETE", "container", "R", "RW", "403", "404"),
    Row("DELETE", "full", "", SAME, "403", None),
    Row("DELETE", "full", "RW", SAME, "409", None),
    # -- an ACL takes Control of its subject, whatever the method; nothing else helps, and Control helps nowhere else
    Row("GET", "acl", "C", SAME, "200 read", "404"),
    Row("GET", "acl", "", "C", "200 read", "404"),
    Row("GET", "acl", "C", "", "403", "403"),
    Row("GET", "acl", "RAW", SAME, "403", "403"),
    Row("GET", "acl", "", SAME, "403", "403"),
    Row("HEAD", "acl", "C", SAME, "200", "404"),
    Row("HEAD", "acl", "R", SAME, "403", "403"),
    Row("OPTIONS", "acl", "R", SAME, "403", "403"),
    Row("OPTIONS", "acl", "C", SAME, "204", "204"),
    Row("PUT", "acl", "C", SAME, "204 changed", "201 made"),
    Row("PUT", "acl", "RAW", SAME, "403", "403"),
    Row("PATCH", "acl", "C", SAME, "204 changed", "201 made", SPARQL),
    Row("PATCH", "acl", "RAW", SAME, "403", "403", SPARQL),
    Row("POST", "acl", "C", SAME, "405", "404"),
    Row("POST", "acl", "RAW", SAME, "403", "403"),
    Row("DELETE", "acl", "C", SAME, "204 gone", "404"),
    Row("DELETE", "acl", "RAW", SAME, "403", "403"),
    Row("GET", "box acl", "C", SAME, "200 read", "404"),
    Row("PUT", "box acl", "C", SAME, "204 changed", "201 made"),
    Row("PUT", "box acl", "RAW", SAME, "403", "403"),
    Row("DELETE", "box acl", "C", SAME, "204 gone", "404"),
    Row("GET", "stray acl", "C", SAME, None, "404"),
    Row("GET", "stray acl", "RAW", SAME, None, "403"),
    Row("PUT", "stray acl", "C", SAME, None, "404"),
    Row("PUT", "stray acl", "RAW", SAME, None, "403"),
    # -- a description takes on its subject what it would take on the subject
    Row("GET", "meta", "R", SAME, "200 read", "404"),
    Row("GET", "meta", "", SAME, "403", "403"),
    Row("GET", "meta", "W", SAME, "403", "403"),
    Row("GET", "meta", "C", SAME, "403", "403"),
    Row("GET", "meta", "", "!R", "200 read", "404"),
    Row("HEAD", "meta", "R", SAME, "200", "404"),
    Row("PUT", "meta", "W", SAME, "204 changed", "201 made"),
    Row("PUT", "meta", "A", SAME, "403", "201 made"),
    Row("PUT", "meta", "R", SAME, "403", "403"),
    Row("PUT", "meta", "", "W", "204 changed", "201 made"),
    Row("PATCH", "meta", "A", SAME, "204 changed", "201 made", INSERT),
    Row("PATCH", "meta", "R", SAME, "403", "403", INSERT),
    Row("PATCH", "meta", "W", SAME, "403", "403", DELETE),
    Row("DELETE", "meta", "W", SAME, "204 gone", "404"),
    Row("DELETE", "meta", "A", SAME, "403", "403"),
    Row("DELETE", "meta", "R", SAME, "403", "404"),
    Row("DELETE", "meta", "", "W", "204 gone", "404"),
    Row("PUT", "box meta", "W", SAME, "204 changed", "201 made"),
    Row("PATCH", "box meta", "A", SAME, "204 changed", "201 made", INSERT),
    Row("PUT", "box meta", "R", SAME, "403", "403"),
    Row("GET", "stray meta", "R", SAME, None, "404"),
    Row("GET", "stray meta", "W", SAME, None, "403"),
    Row("PUT", "stray meta", "W", SAME, None, "404"),
    Row("PUT", "stray meta", "R", SAME, None, "403"),
    # -- a storage root and its ACL stay
    Row("GET", "root", "R", "", "200 read", None),
    Row("GET", "root", "", SAME, "403", None),
    Row("POST", "root", "A", "", "201 made", None),
    Row("POST", "root", "R", SAME, "403", None),
    Row("DELETE", "root", "RW", SAME, "405", None),
    Row("DELETE", "root", "R", SAME, "403", None),
    Row("GET", "root acl", "C", "", "200 read", None),
    Row("GET", "root acl", "RAW", SAME, "403", None),
    Row("PUT", "root acl", "C", SAME, "204 changed", None),
    Row("PUT", "root acl", "RAW", SAME, "403", None),
    Row("DELETE", "root acl", "C", SAME, "405", None),
    Row("DELETE", "root acl", "RAW", SAME, "403", None),
]

ALWAYS_AN_ACR = {
    Row("GET", "acl", "C", SAME, "200 read", "404"): "200 read",
    Row("GET", "acl", "", "C", "200 read", "404"): "200 read",
    Row("HEAD", "acl", "C", SAME, "200", "404"): "200",
    Row("GET", "box acl", "C", SAME, "200 read", "404"): "200 read",
}
"""Other outcomes for what is missing under Access Control Policy, where every resource has an access control resource:
published clients take one that is missing for a sign of Web Access Control.
"""

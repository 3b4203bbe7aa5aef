"""The names of access modes in RDF. Both languages of access rules use those of Web Access Control.

Spec: WAC #access-modes; ACP #access-mode-extensibility, which leaves the modes to its users
"""

from __future__ import annotations

from pod.protocol.modes import AccessMode
from pod.rdf.vocab import ACL

MODES = {
    ACL.Read: AccessMode.READ,
    ACL.Append: AccessMode.APPEND,
    ACL.Write: AccessMode.WRITE,
    ACL.Control: AccessMode.CONTROL,
}

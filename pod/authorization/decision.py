"""The verdict, with its reason: which modes an agent has on a resource, which everyone has, and the rules that say so.

A value. Printed for owners (`freehold explain`, the sharing page), never for strangers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pod.protocol.modes import ALL_MODES, AccessMode

OWNERSHIP = "owner"


@dataclass(frozen=True, slots=True)
class Reason:
    """Where modes come from: a rule (its IRI, None when it has no name) of an ACL, or ownership of the storage."""

    modes: AccessMode
    rule: str | None
    acl: str | None = None
    """URL of the ACL; None when it is the ownership."""
    denies: bool = False
    """A policy that takes the modes away. Web Access Control has none such."""

    def __str__(self) -> str:
        names = ", ".join(self.modes.names())
        if self.acl is None:
            return f"{names}: owners of a storage always keep control of it"
        verb = " denied" if self.denies else ""
        return f"{names}{verb}: {f'rule <{self.rule}>' if self.rule else 'a rule without a name'} in <{self.acl}>"


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be done with a resource. `modes` include `public` but for what a policy denies the one who asks."""

    modes: AccessMode
    public: AccessMode
    reasons: tuple[Reason, ...] = ()
    acl: str | None = None
    """URL of the nearest ACL in force; None when there is none, which is damage."""
    inherited: bool = False
    above: tuple[str, ...] = ()
    """URLs of the others in force: under Access Control Policy, those of all containers count."""
    ceiling: AccessMode | None = None
    """What the app that asks may do at most, beside what everybody may; None where nobody limited it."""
    withheld: AccessMode = AccessMode.NONE
    """What the one who asks may do, and their app may not."""
    taken_down: AccessMode = AccessMode.NONE
    """What the rules give to the one who asks, and operators of the server keep from them."""
    is_final: bool = True
    """No: groups that are not known yet were taken to have no members. Who waits for them may be let in."""

    @property
    def granted(self) -> AccessMode:
        """What the rules give to the one who asks, whatever app they use."""
        return self.modes | self.withheld

    def allows_ever(self, mode: AccessMode) -> bool:
        """Whether the one who asks might have it if rules gave it to them: their app was let have it."""
        return self.ceiling is None or mode in self.ceiling | self.public

    def under(self, ceiling: AccessMode) -> Decision:
        """The same for an app: of what the person may do, what is under its ceiling, or everybody may.

        Spec: design section 8, effective = (granted(agent) & ceiling(client)) | granted(public)
        """
        modes = self.modes & (ceiling | self.public)
        return replace(self, modes=modes, withheld=self.modes & ~modes, ceiling=ceiling)

    def take_down(self) -> Decision:
        """The same where operators keep it from all but its owner. Spec: RFC 7725"""
        none = AccessMode.NONE
        return replace(self, modes=none, public=none, taken_down=self.granted)

    def kept_private(self) -> Decision:
        """The same for its owner meanwhile: everybody has nothing."""
        return replace(self, public=AccessMode.NONE)

    def of_acl(self) -> Decision:
        """The same for the ACL of the resource: with Control everything, without it nothing."""
        modes = _over_acl(self.modes)
        return replace(
            self,
            modes=modes,
            public=_over_acl(self.public),
            ceiling=None if self.ceiling is None else _over_acl(self.ceiling),
            withheld=_over_acl(self.granted) & ~modes,
        )

    def __str__(self) -> str:
        if not self.reasons:
            return f"nothing: no rule in <{self.acl}> matches" if self.acl else "nothing: there is no ACL"
        return "; ".join(map(str, self.reasons))


def _over_acl(modes: AccessMode) -> AccessMode:
    if AccessMode.CONTROL not in modes:
        return AccessMode.NONE
    return ALL_MODES

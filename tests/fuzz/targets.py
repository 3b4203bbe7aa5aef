"""All targets by name."""

from __future__ import annotations

from tests.fuzz import access, documents, fields, passkeys, subscriptions, tokens

MODULES = (access, fields, documents, subscriptions, tokens, passkeys)
TARGETS = {each.name: each for module in MODULES for each in module.TARGETS}

"""All targets by name."""

from __future__ import annotations

from tests.fuzz import documents, fields, subscriptions, tokens

TARGETS = {each.name: each for each in (*fields.TARGETS, *documents.TARGETS, *subscriptions.TARGETS, *tokens.TARGETS)}

"""How often something may be tried, for the identity provider: see pod/operations/attempts.py."""

from __future__ import annotations

from pod.operations.attempts import Allowance, count, forget, spend

__all__ = ["Allowance", "count", "forget", "spend"]

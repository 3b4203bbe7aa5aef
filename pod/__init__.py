"""Freehold: a Solid personal data pod server."""

__version__ = "0.1.0"

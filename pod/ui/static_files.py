"""What pages share, under names that change with the content."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.ui.render import CONTENT_TYPES, DIGEST, STATIC, STATIC_PATH


def static_files() -> Blueprint:
    """Routes on the base URL, which look at no cookie."""
    files = Blueprint("static_files", __name__)

    @files.get(f"/{STATIC_PATH}<digest>/<name>")
    def static_file(digest: str, name: str) -> Response:
        """Spec: RFC 8246 -- never asked for again"""
        if digest != DIGEST or name not in STATIC:
            raise NotFound("There is no such file.")
        response = Response(STATIC[name], content_type=CONTENT_TYPES[PurePath(name).suffix])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return files

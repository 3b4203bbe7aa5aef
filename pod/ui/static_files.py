"""What pages share, under names that change with the content; and what browsers and crawlers ask for unbidden.

Spec: RFC 9309 (robots.txt)
"""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.ui.render import CONTENT_TYPES, DIGEST, STATIC, STATIC_PATH

DAY_SECONDS = 24 * 3600
ROBOTS = "User-agent: *\nDisallow: /.account\nDisallow: /.home\nDisallow: /.oidc/\n"
"""What is public in pods may be found; what people do here is nothing to search in."""


def static_files() -> Blueprint:
    """Routes on the base URL, which look at no cookie."""
    files = Blueprint("static_files", __name__)

    @files.get(f"/{STATIC_PATH}<digest>/<name>")
    def static_file(digest: str, name: str) -> Response:
        """Spec: RFC 8246 -- never asked for again"""
        if digest != DIGEST or name not in STATIC:
            raise NotFound("There is no such file.")
        return _shared(STATIC[name], CONTENT_TYPES[PurePath(name).suffix], "max-age=31536000, immutable")

    @files.get("/favicon.ico")
    def icon() -> Response:
        """Asked for by browsers that show a file of a pod, which names no icon."""
        return _shared(STATIC["icon.svg"], CONTENT_TYPES[".svg"], f"max-age={DAY_SECONDS}")

    @files.get("/robots.txt")
    def robots() -> Response:
        return _shared(ROBOTS.encode(), "text/plain; charset=utf-8", f"max-age={DAY_SECONDS}")

    return files


def _shared(content: bytes, media_type: str, lifetime: str) -> Response:
    headers = {"Cache-Control": f"public, {lifetime}", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(content, content_type=media_type, headers=headers)

"""What pages share, under names that change with the content; and what browsers and crawlers ask for unbidden.

Spec: RFC 9309 (robots.txt); Web Application Manifest
"""

from __future__ import annotations

import json
from pathlib import PurePath

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.ui.branding import LOGOS, Branding
from pod.ui.render import CONTENT_TYPES, DIGEST, MANIFEST, STATIC, STATIC_PATH, static_url

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * 3600
_PRIVATE = (".account", ".home", ".files", ".contacts", ".posts", ".profile", ".notices", ".console", ".oidc/")
ROBOTS = "\n".join(["User-agent: *", *(f"Disallow: /{each}" for each in _PRIVATE), ""])
"""What is public in pods may be found; what people do here is nothing to search in."""


PICTURES = (("icon.svg", "any", "any"), ("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any maskable"))
PAPER, GREEN = "#f8f5ef", "#1b684b"


def static_files(branding: Branding) -> Blueprint:
    """Routes on the base URL, which look at no cookie."""
    files = Blueprint("static_files", __name__)

    @files.get(f"/{STATIC_PATH}<digest>/<path:name>")
    def static_file(digest: str, name: str) -> Response:
        """Spec: RFC 8246 -- never asked for again"""
        if digest != DIGEST or name not in STATIC:
            raise NotFound("There is no such file.")
        return _shared(STATIC[name], CONTENT_TYPES[PurePath(name).suffix], "max-age=31536000, immutable")

    @files.get("/favicon.ico")
    def icon() -> Response:
        """Asked for by browsers that show a file of a pod, which names no icon."""
        return _shared(STATIC["icon.svg"], CONTENT_TYPES[".svg"], f"max-age={DAY_SECONDS}")

    @files.get(f"/{MANIFEST}")
    def manifest() -> Response:
        """What a phone or desk needs to keep the home page among its apps."""
        said = json.dumps(_manifest(branding.brand().name)).encode()
        return _shared(said, "application/manifest+json", f"max-age={HOUR_SECONDS}")

    @files.get(f"/{LOGOS}<name>")
    def logo(name: str) -> Response:
        """Of the organisation. Spec: RFC 8246 -- never asked for again"""
        if branding.brand().logo != f"/{LOGOS}{name}":
            branding.forget()  # it was changed a moment ago, by another process or page
        brand = branding.brand()
        if brand.logo != f"/{LOGOS}{name}":
            raise NotFound("There is no such file.")
        return _shared(brand.picture, "image/webp", "max-age=31536000, immutable")

    @files.get("/robots.txt")
    def robots() -> Response:
        return _shared(ROBOTS.encode(), "text/plain; charset=utf-8", f"max-age={DAY_SECONDS}")

    return files


def _manifest(name: str) -> dict[str, object]:
    pictures = [
        {"src": static_url(file), "sizes": sizes, "type": CONTENT_TYPES[PurePath(file).suffix], "purpose": purpose}
        for file, sizes, purpose in PICTURES
    ]
    return {
        "name": name,
        "short_name": name,
        "id": "/.home/",
        "start_url": "/.home/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": GREEN,
        "icons": pictures,
    }


def _shared(content: bytes, media_type: str, lifetime: str) -> Response:
    headers = {"Cache-Control": f"public, {lifetime}", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(content, content_type=media_type, headers=headers)

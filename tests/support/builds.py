"""Small builds of a data browser, made like those of mashlib: a directory as they are built, and a package as npm has them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"/><title>SolidOS</title>'
    "<script>panes.runDataBrowser()</script>"
    '<script defer="defer" src="/mashlib.js"></script><link href="/mash.css" rel="stylesheet"></head>'
    '<body id="PageBody"><main id="MainContent"></main></body></html>'
)
FILES = {
    "databrowser.html": PAGE.encode(),
    "mashlib.min.js": b'i.p="/";var panes = {};' + b"new SharedWorker(i.p+'77aa.js');icon='0f1e.png';" * 100,
    "841.mashlib.min.js": b"// a part that is fetched once it is needed",
    "77aa.js": b"// a worker",
    "88bb.js": b"// what only mashlib.js asks for",
    "mash.css": b"body { margin: 0 }",
    "mashlib.js": b"// for developers",
    "841.mashlib.js": b"// for developers",
    "mashlib.min.js.map": b"{}",
    "0f1e.png": b"\x89PNG",
}


def build(directory: Path, files: Mapping[str, bytes] = FILES) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


def package(
    file: Path, files: Mapping[str, bytes] = FILES, *, name: str = "mashlib", links: Mapping[str, str] | None = None
) -> str:
    """Written to `file`; gives its digest. `links` are symbolic links: their names, and where they lead."""
    described = json.dumps({"name": name, "version": "2.9.9"}).encode()
    held = {"package/package.json": described, **{f"package/dist/{each}": files[each] for each in files}}
    with tarfile.open(file, "w:gz") as archive:
        for path, content in held.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for path, target in (links or {}).items():
            link = tarfile.TarInfo(path)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return f"sha512-{b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()}"

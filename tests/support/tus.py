"""Somebody who sends a file piece by piece, over whatever carries requests. Spec: tus 1.0.0"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UPLOADS = "/.uploads/"
Ask = Callable[[str, str, dict[str, str], Any], Any]
"""Method, path, header fields, content; gives an answer with `status_code`, `headers` and `text`."""


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in pairs.items())


@dataclass
class TusClient:
    """`fields` go with each request: what shows who asks, and that it is a page of ours."""

    ask: Ask
    fields: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str = UPLOADS, content: Any = b"", **fields: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        sent = {"Tus-Resumable": "1.0.0", **self.fields, **named}
        return self.ask(method, path, {name: value for name, value in sent.items() if value != "-"}, content)

    def create(self, length: int, folder: str = "/alice/in/", filename: str = "file.bin", **pairs: str) -> Any:
        said = metadata(folder=folder, filename=filename, **pairs)
        return self.request("POST", Upload_Length=str(length), Upload_Metadata=said)

    def begin(self, length: int, folder: str = "/alice/in/", filename: str = "file.bin", **pairs: str) -> str:
        """Where the upload is."""
        answer = self.create(length, folder, filename, **pairs)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"])

    def send(self, where: str, offset: int, content: Any, **fields: str) -> Any:
        given = {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream", **fields}
        return self.request("PATCH", where, content, **given)

    def offset(self, where: str) -> int:
        answer = self.request("HEAD", where)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

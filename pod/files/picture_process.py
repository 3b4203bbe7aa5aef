"""The process that reads pictures: asked over a socket for one after the other, it has each read by a child of its own.

The parent of those children never looks into a file, so what one does to its reader is over with that picture: a child
holds nothing of the server nor of other pictures, and little memory and time. Nothing but what is shown comes out: no
place, no time, no comments. It ends when nobody asks for a while, or whoever asked is gone.

Spec: Exif 3.0 s4.6.6 (orientation)
"""

from __future__ import annotations

import gc
import io
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

SECONDS_MAX = 15
"""For one picture, however busy the machine is."""
CPU_SECONDS_MAX = 8
MEMORY_BYTES_MAX = 1024 * 1024 * 1024
MADE_BYTES_MAX = 16 * 1024 * 1024
PIXELS_MAX = 80_000_000
JPEG_PIXELS_MAX = 250_000_000
"""They are made smaller while they are read."""
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "WEBP")
QUALITY = 82
NICENESS = 10
UNREADABLE, LATE, MADE = range(3)
ASKED = struct.Struct("!I")
"""The longest side of what comes out, in pixels. The file comes along, as a descriptor."""
ANSWER = struct.Struct("!BI")
"""What became of it, and how many bytes of WebP follow."""

_READ_BYTES = 256 * 1024


def main() -> int:
    """Standard input is the socket. The one argument is for how many seconds it waits to be asked."""
    idle_seconds = float(sys.argv[1])
    _be_the_first_to_go()
    _import_all()
    server = socket.socket(fileno=0)
    while select.select([server], [], [], idle_seconds)[0]:
        try:
            asked, files, _, _ = socket.recv_fds(server, ASKED.size, 1)
            if not asked:
                return 0
            kind, content = _in_a_child(server, files[0], *ASKED.unpack(asked))
            os.close(files[0])
            server.sendall(ANSWER.pack(kind, len(content)) + content)
        except ConnectionError:
            return 0
    return 0


def _be_the_first_to_go() -> None:
    """Of the machine's programs, when it runs out of memory; and the last to be given time."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError):  # services may be forbidden to ask
        os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _import_all() -> None:
    """Before the first child, so that none has to."""
    from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, WebPImagePlugin  # noqa: F401, PLC0415

    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # see _check_size
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    gc.collect()
    gc.freeze()


# -- one picture -------------------------------------------------------------------------------------------------------


def _in_a_child(server: socket.socket, file: int, side: int) -> tuple[int, bytes]:
    """What became of it, and what was made."""
    made, write = os.pipe()
    child = os.fork()
    if child == 0:
        _read_and_end(file, side, write)
    os.close(write)
    try:
        content = _all_of(made, server)
    finally:
        os.close(made)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if content is None:
        return LATE, b""
    return (MADE, content) if _is_whole(content) else (UNREADABLE, b"")


def _is_whole(content: bytes) -> bool:
    """Spec: RFC 9649 s2.4"""
    begin, length, kind = content[:4], int.from_bytes(content[4:8], "little"), content[8:12]
    return (begin, kind) == (b"RIFF", b"WEBP") and length + 8 == len(content)


def _all_of(made: int, server: socket.socket) -> bytes | None:
    """What a child writes until it ends; None once it took too long. Nothing of what is too much.

    Raises: ConnectionError -- nobody waits for it any more
    """
    content, end = bytearray(), time.monotonic() + SECONDS_MAX
    while (left := end - time.monotonic()) > 0:
        ready = select.select([made, server.fileno()], [], [], left)[0]
        if server.fileno() in ready:  # nothing is asked before the answer, so it was closed
            raise ConnectionResetError
        if made in ready:
            piece = os.read(made, _READ_BYTES)
            content += piece
            if not piece or len(content) > MADE_BYTES_MAX:
                return b"" if piece else bytes(content)
    return None


def _read_and_end(file: int, side: int, write: int) -> None:
    """The child. It does not return."""
    try:
        os.dup2(file, 0)
        os.dup2(write, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        _limit()
        with io.open(0, "rb", closefd=False) as source:  # noqa: UP020 -- the builtin may be another
            content = shown(source, side)
        with io.open(1, "wb", closefd=False) as out:  # noqa: UP020
            out.write(content)
        os._exit(0)
    except BaseException:  # noqa: BLE001 -- decoders raise what they like
        os._exit(1)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def shown(source: BinaryIO, side: int) -> bytes:
    """As WebP, upright, in the colours of screens."""
    from PIL import Image, ImageOps  # noqa: PLC0415 -- see _import_all

    with Image.open(source, formats=FORMATS) as opened:
        _check_size(opened)
        opened.draft("RGB", (side, side))
        has_alpha = opened.mode in {"RGBA", "LA", "PA"} or "transparency" in opened.info
        mode = "RGBA" if has_alpha else "RGB"
        opened.load()
        was_rgb = opened.mode in {"RGB", "RGBA"}
        plain = opened if opened.mode == mode else opened.convert(mode)
        plain.thumbnail((side, side))
        if was_rgb:
            _to_srgb(plain, opened.info.get("icc_profile"))
        upright = ImageOps.exif_transpose(plain)
    made = io.BytesIO()
    Image.frombytes(upright.mode, upright.size, upright.tobytes()).save(made, "WEBP", quality=QUALITY)
    return made.getvalue()


def _check_size(opened: Image.Image) -> None:
    if opened.width * opened.height > (JPEG_PIXELS_MAX if opened.format == "JPEG" else PIXELS_MAX):
        raise ValueError


def _to_srgb(image: Image.Image, profile: bytes | None) -> None:
    """In place. A profile that cannot be read is as good as none."""
    from PIL import ImageCms  # noqa: PLC0415 -- see _import_all

    if profile:
        with suppress(ImageCms.PyCMSError, OSError):
            given, wanted = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            ImageCms.profileToProfile(image, given, wanted, outputMode=image.mode, inPlace=True)


if __name__ == "__main__":
    sys.exit(main())

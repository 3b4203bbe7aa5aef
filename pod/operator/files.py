"""The data directory: where it lies, how much room there is, who may read and write what, whether it is saved."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from pod.authentication.keys import MASTER_KEY
from pod.config import MIB, Config
from pod.operator.findings import Finding, fine, problem, warning
from pod.store.backup import RECORD

DISK, PERMISSIONS, KEYS, BACKUP = "disk", "permissions", "keys", "backup"
FREE_BYTES_MIN, FREE_BYTES_LOW = 64 * MIB, 1024 * MIB
FILES_FREE_LOW = 1000
BACKUP_DAYS_MAX = 8
_SHARED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs")
"""File systems of other machines: the memory that processes share beside a database does not work there."""
_FLEETING = ("tmpfs", "ramfs")
_DAY_SECONDS = 24 * 3600


def check_access(config: Config) -> Finding | None:
    """What keeps this user from looking at the data, if anything does."""
    try:
        owner = config.data.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        return problem(PERMISSIONS, f"you may not look at {error.filename}", "Run this as the user of the server.")
    if _may_read(config.data) and all(_may_read(each) for each in (config.keys, config.run, config.database)):
        return None
    text = f"{config.data} belongs to another user than you, so it and the rest cannot be looked at"
    return problem(PERMISSIONS, text, f"sudo -u '#{owner}' freehold doctor")


def _may_read(place: Path) -> bool:
    """Or there is nothing."""
    return not place.exists() or os.access(place, os.R_OK | os.X_OK if place.is_dir() else os.R_OK)


def check_files(config: Config, config_file: Path | None, now: float) -> Iterator[Finding]:
    data = config.data
    if not data.is_dir():
        yield warning(DISK, f"there is no {data} yet", "`freehold serve` makes it; or say with --data where it is.")
        return
    room = os.statvfs(data)
    yield check_room(data, room.f_bavail * room.f_frsize, room.f_favail if room.f_files else None)
    yield check_writable(data, read_only=bool(room.f_flag & os.ST_RDONLY))
    yield check_file_system(data, file_system(data.resolve(), Path("/proc/self/mountinfo").read_text()))
    yield from check_permissions(config, config_file)
    if config.database.exists():
        yield check_keys(config)
        yield check_backup(data / RECORD, now)


def check_room(data: Path, free_bytes: int, free_files: int | None) -> Finding:
    text = f"{free_bytes // MIB} MiB are free where {data} lies"
    if free_bytes < FREE_BYTES_MIN:
        return problem(DISK, text, "Make room: what people store is refused when it is full.")
    if free_bytes < FREE_BYTES_LOW:
        return warning(DISK, text, "Make room soon.")
    if free_files is not None and free_files < FILES_FREE_LOW:
        return problem(DISK, f"the file system takes {free_files} more files", "Make room: it has no more inodes.")
    return fine(DISK, text)


def check_writable(data: Path, *, read_only: bool) -> Finding:
    if read_only:
        return problem(DISK, f"{data} can only be read", "See to the disk: `dmesg` may say why; then remount it.")
    if not os.access(data, os.W_OK | os.X_OK):
        return problem(DISK, f"{data} cannot be written to by this user", "Run this as the user of the server.")
    return fine(DISK, f"{data} can be written to")


def file_system(directory: Path, mountinfo: str) -> str:
    """The type of the file system a directory is on. Spec: proc_pid_mountinfo(5)"""
    best, kind = -1, "unknown"
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        place = Path(before.split()[4].encode().decode("unicode_escape"))
        if directory.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), after.split()[0]
    return kind


def check_file_system(data: Path, kind: str) -> Finding:
    if kind in _SHARED:
        text = f"{data} is on {kind}, where the processes of a server cannot share a database: it will be damaged"
        return problem(DISK, text, "Use a disk of this machine.")
    if kind in _FLEETING:
        return warning(DISK, f"{data} is on {kind}: a restart of the machine empties it", "Use a disk.")
    if kind == "overlay":
        text = f"{data} is inside a container: it goes when that is replaced"
        return warning(DISK, text, "Mount a volume there.")
    return fine(DISK, f"its file system is {kind}")


def check_permissions(config: Config, config_file: Path | None) -> Iterator[Finding]:
    found = [*_open_to_others(config, config_file), *_of_other_owners(config)]
    yield from found or [fine(PERMISSIONS, "nobody else may read the data and the keys")]


def _open_to_others(config: Config, config_file: Path | None) -> Iterator[Finding]:
    for each in (config.data, *_secret_files(config, config_file)):
        facts = each.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077:
            wanted = "700" if each.is_dir() else "600"
            text = f"others may read {each} (its mode is {stat.S_IMODE(facts.st_mode):o})"
            yield problem(PERMISSIONS, text, f"chmod {wanted} {each}")


def _secret_files(config: Config, config_file: Path | None) -> Iterator[Path]:
    for folder in (config.keys, config.data / "run"):
        if folder.is_dir():
            yield from (each for each in sorted(folder.iterdir()) if each.is_file())
    yield from (each for each in (config.database, config.side_database, config.access_database) if each.exists())
    if config_file is not None and (config.smtp_password or config.metrics_token):
        yield config_file


def _of_other_owners(config: Config) -> Iterator[Finding]:
    owner = config.data.stat().st_uid
    files = [*config.data.iterdir(), *_secret_files(config, None)]
    for each in files:
        if each.stat().st_uid != owner:
            text = f"{each} belongs to another user than {config.data}, so the server may not use it"
            yield problem(PERMISSIONS, text, f"chown -R --reference={config.data} {config.data}")
            return
    if os.geteuid() not in {owner, 0}:
        text = f"{config.data} belongs to another user than you, so some of this could not be looked at"
        yield warning(PERMISSIONS, text, f"sudo -u '#{owner}' freehold doctor")


def check_keys(config: Config) -> Finding:
    if not (config.keys / MASTER_KEY).is_file():
        text = f"{config.keys / MASTER_KEY} is missing: nobody can sign in, and a new one would not open the database"
        return problem(KEYS, text, "Bring it back from a backup.")
    return fine(KEYS, "they are there")


def check_backup(record: Path, now: float) -> Finding:
    remedy = "Have `freehold backup DIR` run each day."
    try:
        made = float(json.loads(record.read_text(encoding="utf-8"))["time"])
    except FileNotFoundError:
        return warning(BACKUP, "none was ever made", remedy)
    except (OSError, ValueError, KeyError, TypeError):
        return warning(BACKUP, f"{record} cannot be read", remedy)
    days = (now - made) / _DAY_SECONDS
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(made))
    if days > BACKUP_DAYS_MAX:
        return warning(BACKUP, f"the last one was made {days:.0f} days ago, on {when}", remedy)
    return fine(BACKUP, f"the last one was made on {when}")

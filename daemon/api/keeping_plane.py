"""The rows of the OPERATIONS table by which operators keep the house: backups and master keys."""

from __future__ import annotations

from daemon.api.operation import Access, Answers, change, listing, read
from daemon.errors import Code

_OPERATOR = Access.OPERATOR

KEEPING_PLANE = (
    change(
        "backups.create",
        "POST",
        "/v1/backups",
        _OPERATOR,
        "backup:create",
        "Back the whole database up",
        "Backup",
        request="BackupCreate",
        status=201,
        errors=(Code.BACKEND_UNAVAILABLE,),
    ),
    listing("backups.list", "/v1/backups", _OPERATOR, "List backups", "Backup"),
    read("backups.get", "/v1/backups/{id}", _OPERATOR, "Show a backup", "Backup"),
    read(
        "backups.content",
        "/v1/backups/{id}/content",
        _OPERATOR,
        "Download a backup",
        "application/octet-stream",
        answers=Answers.BYTES,
        query="DownloadQuery",
    ),
    change("backups.delete", "DELETE", "/v1/backups/{id}", _OPERATOR, "backup:delete", "Remove a backup", "Deleted"),
    read("keyring.get", "/v1/keyring", _OPERATOR, "Show the master keys, without their octets", "KeyringStatus"),
    change(
        "keyring.rotate",
        "POST",
        "/v1/keyring/rotate",
        _OPERATOR,
        "keyring:rotate",
        "Make a new master key, and seal everything anew under it",
        "KeyringStatus",
        errors=(Code.CONFLICT,),
    ),
)

"""The glossary's words for backups and master keys. Standard library only."""

from __future__ import annotations

from typing import Any

_MADE_UP: Any = ...
_BACKUP = "backup_cz5u6r5fofgdqj7x2h3yqk4m"
_HASH = "8448c4f515f63cdbf154617ccc61d768fc11df49dc3993937918de527bc49985"

KEEPING: dict[str, tuple[str, Any]] = {
    "audit_lines": ("How many audit lines were checked.", 42),
    "audit_head": ("The hash of the last audit line.", _HASH),
    "current": ("Whether it is the one that seals and signs now.", True),
    "encrypted": ("Whether a passphrase is needed to open it.", True),
    "file": ("Where it is on the daemon's machine.", f"/var/lib/postern/backups/{_BACKUP}.postern-backup"),
    "passphrase": ("Encrypt the backup under it. Nobody can open it without.", "correct horse battery staple"),
    "problem": ("What does not hold; null when everything does.", None),
    "sealed_values": ("How many secrets in the database are sealed by it.", 7),
    "signatures_checked": ("Whether the log's signatures were checked: it needs the master key.", True),
    "tenants": ("How many tenants there were.", 3),
    "Backup.audit_seq": ("The number of the last audit line in it.", 42),
    "Backup.id": ("The backup.", _BACKUP),
    "Backup.mailboxes": ("How many mailboxes there were.", 12),
    "Backup.messages": ("How many messages there were.", 128),
    "Backup.size_bytes": ("How large the file is.", 1_482_911),
    "Backup.version": ("The version of Postern that made it.", "0.1.0"),
    "BackupVerification.id": ("The backup.", _BACKUP),
    "BackupVerification.mailboxes": ("How many mailboxes there were.", 12),
    "BackupVerification.messages": ("How many messages there were.", 128),
    "BackupVerification.ok": ("Whether all of it holds.", True),
    "KeyringStatus.current": ("The id of the key that seals and signs now.", "81073467"),
    "KeyringStatus.keys": ("Every master key that the database was made with.", _MADE_UP),
    "MasterKey.key_id": ("The key's id.", "81073467"),
}

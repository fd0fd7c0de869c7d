"""Zones: what the name server answers, and who else serves it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from daemon.api.common import INTEGRAL, Model, Timestamp
from zones.fields import TTL_MAX_SECONDS

TTL_DEFAULT_SECONDS = 300
FILE_MAX_CHARACTERS = 500_000
RecordName = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
RecordType = Annotated[str, StringConstraints(min_length=1, max_length=16)]
RecordData = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class Zone(Model):
    """A zone; `domain` is whose it is, null for our own."""

    name: str
    domain: str | None
    serial: int
    updated_at: Timestamp


class ZoneWhole(Zone):
    """A zone with every record that is answered, as a zone file."""

    text: str


class ZoneImport(Model):
    """Records as a zone file has them. What is managed may be among them, as it is; SOA is left out.

    They take the place of what operators added before, or with `add` stand beside it.
    """

    text: str = Field(max_length=FILE_MAX_CHARACTERS)
    add: bool = False
    dry_run: bool = False


class ZoneChange(Model):
    """What a change takes away and adds, a line for each record; `serial` is the zone's, after it if it was made."""

    zone: str
    serial: int
    removed: list[str]
    added: list[str]
    dry_run: bool


class ZoneRecord(Model):
    """A record that an operator added. `problem` says why it is not answered, when what is managed now forbids it."""

    name: str
    type: str
    ttl: int
    data: str
    problem: str | None


class ZoneRecordSet(Model):
    """All records of one name and type that operators add; `data` as in a zone file. `name` may be relative to the
    zone; `@` is the zone itself."""

    name: RecordName
    type: RecordType
    ttl: Annotated[int, Field(ge=0, le=TTL_MAX_SECONDS), INTEGRAL] = TTL_DEFAULT_SECONDS
    data: Annotated[list[RecordData], Field(min_length=1, max_length=100)]
    dry_run: bool = False


class ZoneRecordQuery(Model):
    """Which records: all of a name and type."""

    name: RecordName
    type: RecordType
    dry_run: bool = False


class SecondaryPut(Model):
    """A name server that also serves the zone: where it asks from, and where it is told of changes."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    host: Annotated[str, StringConstraints(min_length=2, max_length=45)]
    port: Annotated[int, Field(ge=1, le=65535), INTEGRAL] = 53


class SecondaryQuery(Model):
    """Which secondary."""

    name: str


class Secondary(Model):
    """A secondary, and the name of the key that it shares with us (TSIG, HMAC-SHA256)."""

    name: str
    zone: str
    host: str
    port: int
    key_name: str
    created_at: Timestamp


class SecondaryMinted(Secondary):
    """The same with the key, which is shown once; `primary` is where we are to be asked."""

    secret: str
    primary: str | None

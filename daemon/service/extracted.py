"""What was extracted from a mail, in the form in which it is told."""

from __future__ import annotations

from daemon.api.messages import Credentials, Extracted
from daemon.mail.extract import Extracted as Extraction


def shown_extraction(found: Extraction) -> Extracted:
    """Return the contract's three fields."""
    credentials = [Credentials(username=one.username, password=one.password) for one in found.credentials or ()]
    return Extracted(
        otp_code=found.otp_code,
        verification_link=found.verification_link,
        credentials=credentials or None,
    )

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.authenticate.support import RAW, verdicts
from tests.signing import Signer, rsa_key

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("header_form", ["simple", "relaxed"])
@pytest.mark.parametrize("body_form", ["simple", "relaxed"])
async def test_what_dkimpy_signs_passes(
    program: Callable[[str], str], tmp_path: Path, header_form: str, body_form: str
) -> None:
    signer = Signer("foreign.test", key=rsa_key())
    file = tmp_path / "key.pem"
    file.write_bytes(signer.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    raw = RAW.replace(b"Subject: Your", b"Subject:  Your \r\n\tvery  own")
    signed = subprocess.run(  # noqa: ASYNC221  done in a moment
        [
            program("dkimsign"),
            "--hcanon",
            header_form,
            "--bcanon",
            body_form,
            signer.selector,
            signer.domain,
            str(file),
        ],
        input=raw,
        capture_output=True,
        check=True,
    ).stdout
    records = {signer.name: [signer.record]}
    assert (await verdicts(records, signed)).dkim == "pass"
    assert (await verdicts(records, signed.replace(b"482913", b"111111"))).dkim == "fail"

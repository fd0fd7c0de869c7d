"""How long a 100 kB HTML mail takes from bytes to answers: `python benchmarks/extraction.py`.

Beside each figure stands the same mail read by the standard library's parser alone, which gives no visible text and no
answers, and a fixed arithmetic loop that tells how fast this machine is today.
"""

from __future__ import annotations

import email
import email.policy
import time
from collections.abc import Callable

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from daemon.mail.warm import warm

MAIL_BYTES = 100_000
RUNS = 300
CODE = "409112"


def mail(rows: int) -> bytes:
    """An HTML mail of `MAIL_BYTES`: a code, then `rows` rows of links and words in styled cells."""
    sheet = "".join(f".c{at}{{padding:{at}px}}@media (max-width:480px){{.c{at}{{width:100%}}}}" for at in range(40))
    top = f"<html><head><style>{sheet}</style></head><body><p>Your verification code is</p><h1>{CODE}</h1><table>"
    row = (
        "<tr><td class='c{0}' style='font:15px Arial,sans-serif;color:#333;{1}'><a style='color:#16c' "
        "href='https://click.example/ls/click?upn=AbC{0}xYz0123456789'>Item {0}</a> "
        "<span style='font-size:13px'>Some words about it that fill the line.</span></td></tr>\n"
    )
    plain = len(row.format(10, "")) * rows + len(top)
    filler = "mso-table-lspace:0;" * max(0, (MAIL_BYTES - plain) // rows // 19)
    body = top + "".join(row.format(number, filler) for number in range(rows)) + "</table></body></html>"
    head = "From: A <a@service.example>\r\nTo: b@inbox.example\r\nSubject: Your code\r\nMIME-Version: 1.0\r\n"
    return (head + "Content-Type: text/html; charset=utf-8\r\n\r\n" + body).encode()


def milliseconds(work: Callable[[bytes], object], raws: list[bytes]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    taken = []
    for raw in raws:
        start = time.perf_counter()
        work(raw)
        taken.append((time.perf_counter() - start) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[len(taken) * 99 // 100]


def answer(raw: bytes) -> None:
    """What a received mail goes through."""
    assert extract(parse(raw)).otp_code == CODE


def main() -> None:
    """Print the table."""
    warm()
    loop = milliseconds(lambda _: sum(range(1_000_000)), [b""] * 20)[0]
    print(f"this machine: 1,000,000 additions in {loop:.1f} ms")
    print(f"{'mail':24s}{'kB':>6s}{'ours p50':>10s}{'p99':>8s}{'email p50':>11s}{'p99':>8s}   (ms)")
    for name, rows in (("60 rows, long styles", 60), ("240 rows", 240)):
        # Each run's mail differs, so that no run is answered from the memory of the one before.
        raws = [mail(rows) + b"<!-- %d -->" % number for number in range(RUNS)]
        ours = milliseconds(answer, raws)
        peer = milliseconds(lambda raw: email.message_from_bytes(raw, policy=email.policy.default).get_body(), raws)
        print(f"{name:24s}{len(raws[0]) / 1000:6.0f}{ours[0]:10.2f}{ours[1]:8.2f}{peer[0]:11.2f}{peer[1]:8.2f}")


if __name__ == "__main__":
    main()

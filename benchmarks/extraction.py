"""How long an HTML mail takes from bytes to answers, 3 kB and 100 kB: `python benchmarks/extraction.py`.

Each figure is given twice, as time on the clock and as this process's own time, for others may load the machine. Beside
each figure stands the same mail read by the standard library's parser alone, which gives no visible text and no
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
_HEAD = (
    b"From: A <a@service.example>\r\nTo: b@inbox.example\r\nSubject: Your code\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
)


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
    return _HEAD + body.encode()


def small_mail() -> bytes:
    """An ordinary verification mail of 3 kB: a heading, a code, a button, a footer of links."""
    cell = "<tr><td style='padding:0 32px;font:16px/24px Arial,sans-serif;color:#333'>{}</td></tr>"
    words = "Please enter this code in the window where you began. It is valid for ten minutes and for nobody else. "
    footer = "".join(f"<a href='https://service.example/{name}'>{name.title()}</a> " for name in ("help", "privacy"))
    cells = [
        f"<h1 style='font-size:22px'>Confirm your address</h1><p>Hello Ada,</p><p>{words * 5}</p>",
        f"<p>Your verification code is:</p><p style='font-size:32px;letter-spacing:6px'>{CODE}</p>",
        "<a class='button' href='https://service.example/verify?token=Zk81vQm3Xw9bTr5LpYc2Hn7D'>Confirm address</a>",
        f"<p>{words * 8}</p><p style='font-size:12px'>Service, 1 Market Street. {footer}</p>",
    ]
    sheet = ".button{background:#06c;color:#fff;padding:9px}@media (max-width:600px){.box{width:100%}}"
    body = f"<html><head><style>{sheet}</style></head><body><table class='box' width='600'>"
    return _HEAD + (body + "\n".join(map(cell.format, cells)) + "</table></body></html>").encode()


def milliseconds(work: Callable[[bytes], object], raws: list[bytes], clock: Callable[[], float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    taken = []
    for raw in raws:
        start = clock()
        work(raw)
        taken.append((clock() - start) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[len(taken) * 99 // 100]


def answer(raw: bytes) -> None:
    """What a received mail goes through."""
    assert extract(parse(raw)).otp_code == CODE


def main() -> None:
    """Print the table."""
    warm()
    loop = milliseconds(lambda _: sum(range(1_000_000)), [b""] * 20, time.process_time)[0]
    print(f"this machine: 1,000,000 additions in {loop:.1f} ms")
    print(f"{'mail':22s}{'kB':>4s}  {'clock':5s}{'ours p50':>10s}{'p99':>8s}{'email p50':>11s}{'p99':>8s}   (ms)")
    kinds = (("verification", small_mail()), ("60 rows, long styles", mail(60)), ("240 rows", mail(240)))
    for name, raw in kinds:
        for label, clock in (("wall", time.perf_counter), ("own", time.process_time)):
            # Each run's mail differs, so that no run is answered from the memory of the one before.
            raws = [raw + b"<!-- %s %d -->" % (label.encode(), number) for number in range(RUNS)]
            ours = milliseconds(answer, raws, clock)
            peer = milliseconds(_by_email, raws, clock)
            figures = f"{ours[0]:10.2f}{ours[1]:8.2f}{peer[0]:11.2f}{peer[1]:8.2f}"
            print(f"{name:22s}{len(raw) / 1000:4.0f}  {label:5s}{figures}")


def _by_email(raw: bytes) -> None:
    email.message_from_bytes(raw, policy=email.policy.default).get_body()


if __name__ == "__main__":
    main()

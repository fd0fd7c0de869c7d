"""How long an HTML mail takes from bytes to answers, 3 kB and 100 kB of several shapes.

Each figure is given twice, as time on the clock and as this process's own time, for others may load the machine. `first`
is the first mail of its shape, in a process that has read others; those that follow differ a little from each other in
their text and in their style sheet, as mails of one sender do. Beside it stands what the standard library takes for the
same mail: its `email` to take the message apart and its `html.parser` to drop the tags, which gives a text with all
that is hidden in it, and no answers. A fixed arithmetic loop tells how fast this machine is today.
"""

# ruff: noqa: E501 - HTML in one piece

from __future__ import annotations

import email
import email.policy
import gc
import time
from collections.abc import Callable
from html.parser import HTMLParser

from daemon.mail.extract import extract
from daemon.mail.parse import parse
from daemon.mail.warm import warm

MAIL_BYTES = 100_000
SECONDS_PER_SHAPE = 6.0
RUNS_MIN, RUNS_MAX = 150, 1_500
PEER_RUNS = 100
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


def newsletter() -> bytes:
    """Sections of nested tables with a picture, a heading, a few lines and a button: what shops and services send."""
    top = (
        "<!doctype html><html><head><meta name='viewport' content='width=device-width'><style>body{margin:0}"
        "table{border-collapse:collapse}.ExternalClass *{line-height:100%}#outlook a{padding:0}u+#body a{color:inherit}"
        "@media only screen and (max-width:600px){.full{width:100%!important}.gone{display:none!important}}</style></head>"
        "<body id='body' style='background:#f4f4f4'><div style='display:none;max-height:0;overflow:hidden'>Sign in</div>"
        f"<p>Your verification code is</p><h1>{CODE}</h1>"
    )
    section = (
        "<table role='presentation' width='100%' cellpadding='0' cellspacing='0' border='0' bgcolor='#f4f4f4'><tr>"
        "<td align='center' style='padding:24px 12px'><!--[if mso]><table width='600'><tr><td><![endif]--><table"
        " class='full' role='presentation' width='600' style='max-width:600px;background:#ffffff'><tr><td"
        " style='padding:32px'><a href='https://click.example/{0}/aHR0cHM6Ly9zaG9wLmV4YW1wbGUv{0}' target='_blank'><img"
        " src='https://images.example/{0}.png' width='536' height='200' alt='Picture {0}' style='display:block'></a>"
        "<table width='100%'><tr><td style='font-family:Arial,Helvetica,sans-serif;font-size:22px;line-height:30px;"
        "color:#222222;padding:16px 0'>Things that are new in week {0}</td></tr><tr><td style='font-family:Arial,"
        "Helvetica,sans-serif;font-size:15px;line-height:24px;color:#444444'>We have made some of them better, and"
        " the others no worse. <b>All of them</b> are on the shelf from Monday, as long as there are any left.</td></tr>"
        "<tr><td style='padding:16px 0'><table><tr><td bgcolor='#0066cc' style='border-radius:4px'><a"
        " href='https://click.example/{0}/b/c2hvcA{0}' style='display:inline-block;padding:12px 24px;color:#ffffff;"
        "text-decoration:none;font-family:Arial,sans-serif'>Look at it</a></td></tr></table></td></tr></table></td></tr>"
        "</table><!--[if mso]></td></tr></table><![endif]--></td></tr></table>\n"
    )
    return _filled(top, section)


def many_rules() -> bytes:
    """Half of it is a style sheet, as frameworks for mail write them, and each element has classes that it speaks of."""
    rules = "".join(
        f".m-{at}{{padding:{at % 40}px;font-size:{12 + at % 9}px!important;color:#33{at % 10}{at % 10}33}}"
        f"table.m-{at} td.inner{{width:{at % 100}%;max-width:{at}px}}"
        f"@media only screen and (max-width:{480 + at % 120}px){{.m-{at},.s-{at} .x{{display:none!important}}}}"
        for at in range(270)
    )
    top = f"<html><head><style>{rules}</style></head><body><p>Your verification code is</p><h1>{CODE}</h1>"
    section = (
        "<table class='m-{0} wide'><tr><td class='inner m-1 s-{0}'><div class='m-2 x'><p class='m-{0} text'>Some words about"
        " number {0} that fill the line and a little more.</p><a class='m-3 go' href='https://service.example/{0}'>Read"
        " on</a></div></td></tr></table>\n"
    )
    return _filled(top, section)


def paragraphs() -> bytes:
    """A long letter: plain paragraphs, a link now and then."""
    words = "There is more to tell than fits in one line, so here is the whole of it, in order, from the first day on. "
    section = f"<p>{words * 8}<a href='https://service.example/letters/{{0}}'>Letter {{0}}</a></p>\n"
    return _filled(f"<html><body><p>Your verification code is</p><h1>{CODE}</h1>", section)


def _filled(top: str, section: str) -> bytes:
    body = top + "".join(section.format(number) for number in range((MAIL_BYTES - len(top)) // len(section)))
    return _HEAD + (body + "</body></html>").encode()


def kinds() -> tuple[tuple[str, bytes], ...]:
    """Every shape with its name."""
    return (
        ("verification", small_mail()),
        ("60 rows, long styles", mail(60)),
        ("240 rows, 240 links", mail(240)),
        ("newsletter", newsletter()),
        ("800 style rules", many_rules()),
        ("long paragraphs", paragraphs()),
    )


def varied(raw: bytes, by: bytes) -> bytes:
    """`raw` a little different, its style sheet too, so that no run is answered from the memory of the one before."""
    return raw.replace(b"<style>", b"<style>/* %s */" % by, 1) + b"<!-- %s -->" % by


class Taken:
    """Milliseconds that runs took, on the clock and of this process."""

    def __init__(self, work: Callable[[bytes], object], raw: bytes, most: int) -> None:
        self.wall: list[float] = []
        self.own: list[float] = []
        gc.collect()
        end = time.perf_counter() + SECONDS_PER_SHAPE
        while len(self.wall) < RUNS_MIN or (len(self.wall) < most and time.perf_counter() < end):
            each = varied(raw, b"%d" % len(self.wall))
            wall, own = time.perf_counter(), time.process_time()
            work(each)
            self.own.append((time.process_time() - own) * 1000)
            self.wall.append((time.perf_counter() - wall) * 1000)
            if len(self.wall) == most:
                break


def quantiles(taken: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    taken = sorted(taken)
    return taken[len(taken) // 2], taken[len(taken) * 99 // 100]


def answer(raw: bytes) -> None:
    """What a received mail goes through."""
    assert extract(parse(raw)).otp_code == CODE


def main() -> None:
    """Print the table."""
    warm()
    loop = quantiles(Taken(lambda _: sum(range(1_000_000)), b"", 20).own)[0]
    print(f"this machine: 1,000,000 additions in {loop:.1f} ms")
    print(
        f"{'mail':22s}{'kB':>4s}{'runs':>6s}  clock{'first':>8s}{'p50':>8s}{'p99':>8s}{'stdlib p50':>12s}{'p99':>8s}   (ms)"
    )
    for name, raw in kinds():
        ours, peer = Taken(answer, raw, RUNS_MAX), Taken(_by_stdlib, raw, PEER_RUNS)
        for clock, mine, theirs in (("wall", ours.wall, peer.wall), ("own", ours.own, peer.own)):
            middle, last = quantiles(mine)
            other, other_last = quantiles(theirs)
            figures = f"{mine[0]:8.2f}{middle:8.2f}{last:8.2f}{other:12.2f}{other_last:8.2f}"
            print(f"{name:22s}{len(raw) / 1000:4.0f}{len(mine):6d}  {clock:5s}{figures}", flush=True)


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def _by_stdlib(raw: bytes) -> None:
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body()
    texts = _Texts()
    texts.feed(body.get_content() if body is not None else "")
    assert CODE in "".join(texts.found)


if __name__ == "__main__":
    main()

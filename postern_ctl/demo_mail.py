"""The mail of the demo: what a sign-up form somewhere sends, with a code and a link in well-dressed HTML."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from html import escape

SENDER_DOMAIN = "northwind.example"
SENDER = f"no-reply@{SENDER_DOMAIN}"
CODE_DIGITS = 6

_TEXT = """\
Hello,

{code} is your Northwind verification code. It is valid for 10 minutes.

Or confirm your address here:
{link}

If you did not sign up, ignore this mail. Northwind Traders, 48 Harbour Street, order desk 555 0142
"""

_HTML = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Verify your e-mail</title>
<style>.button {{ background: #1f6feb; color: #fff; border-radius: 6px }}</style></head>
<body style="margin:0;background:#f4f5f7;font-family:Helvetica,Arial,sans-serif">
<div style="display:none;max-height:0;overflow:hidden">Your code is inside. Order 2026-114207.</div>
<table role="presentation" width="100%"><tr><td align="center">
<table role="presentation" width="560" style="background:#fff;padding:32px">
<tr><td><img src="https://{domain}/logo.png" alt="Northwind" width="120" height="32"></td></tr>
<tr><td><h1 style="font-size:20px">Confirm your e-mail address</h1>
<p>Enter this code to finish signing up. It is valid for 10 minutes.</p>
<p style="font-size:32px;letter-spacing:6px"><strong>{code}</strong></p>
<p>Or use the button:</p>
<p><a class="button" href="{link}" style="padding:12px 24px;text-decoration:none">Verify e-mail</a></p>
<p style="color:#667085;font-size:12px">If you did not sign up, ignore this mail.
<a href="https://{domain}/unsubscribe?u=81735520">Unsubscribe</a> &middot;
<a href="https://{domain}/privacy">Privacy</a><br>
Northwind Traders, 48 Harbour Street, order desk 555 0142</p></td></tr>
</table></td></tr></table></body></html>
"""


@dataclass(frozen=True, slots=True)
class Verification:
    """What the mail tells its reader."""

    code: str
    link: str


def new_verification() -> Verification:
    """Return a code and a link that nobody had before."""
    code = f"{secrets.randbelow(9 * 10 ** (CODE_DIGITS - 1)) + 10 ** (CODE_DIGITS - 1)}"
    return Verification(code, f"https://{SENDER_DOMAIN}/verify?token={secrets.token_urlsafe(12)}")


def verification_mail(recipient: str, told: Verification) -> EmailMessage:
    """Return the mail to `recipient`."""
    mail = EmailMessage()
    mail["From"] = f"Northwind <{SENDER}>"
    mail["To"] = recipient
    mail["Subject"] = "Verify your e-mail address"
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = make_msgid(domain=SENDER_DOMAIN)
    mail.set_content(_TEXT.format(code=told.code, link=told.link))
    html = _HTML.format(code=told.code, link=escape(told.link), domain=SENDER_DOMAIN)
    mail.add_alternative(html, subtype="html")
    return mail

"""The zone of a mail domain."""

from __future__ import annotations

import base64

import pytest

from zones.labels import from_text, to_text
from zones.mailzone import DkimKey, Extra, Mail, Servers, base_zone, mail_zone
from zones.records import TXT, data_text
from zones.zone import BadZone, Zone

SERVERS = Servers(
    nameservers=("ns1.mailhost.test", "ns2.mailhost.test"),
    hostmaster="hostmaster.mailhost.test",
    addresses={"ns1.mailhost.test": ("192.0.2.1", "2001:db8::1"), "mx.mailhost.test": ("192.0.2.25",)},
)
KEY = base64.b64encode(bytes(294)).decode()
MAIL = Mail(
    mail_hosts=("mx.mailhost.test",),
    spf_addresses=("192.0.2.25", "2001:db8::25"),
    spf_includes=("spf.sender.test",),
    dkim=(DkimKey("s1", "rsa", KEY),),
    dmarc_reports="dmarc@mailhost.test",
    tls_reports="tls@mailhost.test",
    mta_sts_id="20240101",
    mta_sts_host="policy.mailhost.test",
    extras=(Extra("selector1-out._domainkey", "CNAME", "selector1.sender.test."), Extra("", "TXT", "sender-check=1")),
)


def shown(zone: Zone) -> dict[str, list[str]]:
    return {
        f"{to_text(one.name, zone.origin)} {one.type}": [data_text(one.type, data) for data in one.data] for one in zone
    }


def test_it_says_all_that_a_mail_domain_has_to() -> None:
    zone = shown(mail_zone("agents.customer.test", SERVERS, MAIL, 5))
    assert zone["@ 6"] == ["ns1.mailhost.test. hostmaster.mailhost.test. 5 14400 3600 1209600 3600"]
    assert zone["@ 2"] == ["ns1.mailhost.test.", "ns2.mailhost.test."]
    assert zone["@ 15"] == ["10 mx.mailhost.test."]
    assert zone["@ 16"] == ['"sender-check=1"', '"v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 include:spf.sender.test -all"']
    assert zone["_dmarc 16"] == ['"v=DMARC1; p=quarantine; adkim=s; aspf=r; rua=mailto:dmarc@mailhost.test"']
    assert zone["_smtp._tls 16"] == ['"v=TLSRPTv1; rua=mailto:tls@mailhost.test"']
    assert zone["_mta-sts 16"] == ['"v=STSv1; id=20240101"']
    assert zone["mta-sts 5"] == ["policy.mailhost.test."]
    assert zone["selector1-out._domainkey 5"] == ["selector1.sender.test."]


def test_a_long_key_is_cut_into_strings_that_are_read_as_one() -> None:
    zone = mail_zone("customer.test", SERVERS, MAIL, 1)
    [data] = zone.nodes[from_text("s1._domainkey.customer.test.")][TXT].data
    assert [data[0], data[256]] == [255, len(data) - 257]
    assert data[1:256] + data[257:] == f"v=DKIM1; k=rsa; p={KEY}".encode()


def test_our_own_zone_has_hosts_and_shared_domains() -> None:
    zone = shown(base_zone("mailhost.test", SERVERS, {"acme": MAIL}, 1))
    assert (zone["ns1 1"], zone["ns1 28"], zone["mx 1"]) == (["192.0.2.1"], ["2001:db8::1"], ["192.0.2.25"])
    assert zone["acme 15"] == ["10 mx.mailhost.test."]
    assert "_dmarc.acme 16" in zone


def test_spf_has_no_more_look_ups_than_it_may() -> None:
    with pytest.raises(BadZone, match="10 look-ups"):
        mail_zone("a.test", SERVERS, Mail(mail_hosts=("mx.test",), spf_includes=("a.test",) * 11), 1)

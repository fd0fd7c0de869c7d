from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.deliver.targets import Allowed, literal, refusal, special, unwrapped, url_refusal
from daemon.settings import allowed_targets

NOTHING = Allowed()
V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2002:c0a8:1::",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_what_is_set_aside_is_not_dialled(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert special(address)
    assert str(address) in str(refusal(address, NOTHING, plain=False))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1", "64:ff9b::808:808"]
)
def test_what_is_public_is_dialled_by_tls_only(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert refusal(address, NOTHING, plain=False) is None
    assert "use https" in str(refusal(address, NOTHING, plain=True))


@given(V4)
def test_nothing_that_python_knows_to_be_private_is_public(address: ipaddress.IPv4Address) -> None:
    if not address.is_global:
        assert special(address)
    for wrapped in (0xFFFF_0000_0000, 0x0064_FF9B << 96):
        assert special(ipaddress.IPv6Address(wrapped + int(address))) == special(address)
    assert special(ipaddress.IPv6Address((0x2002 << 112) + (int(address) << 80))) == special(address)


@given(V6)
def test_what_is_public_in_ipv6_is_global_unicast(address: ipaddress.IPv6Address) -> None:
    if special(address) is None:
        meant = unwrapped(address)
        assert meant.is_global
        assert isinstance(meant, ipaddress.IPv4Address) or meant in ipaddress.ip_network("2000::/3")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11",  # full-width digits
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "::ffff:7f00:1",
    ],
)
def test_an_address_is_recognised_however_it_is_spelt(host: str) -> None:
    address = literal(host)
    assert address is not None
    assert "loopback" in str(special(address))
    url = f"https://[{host}]/" if ":" in host and "[" not in host else f"https://{host}/"
    assert "loopback" in str(url_refusal(url, NOTHING))


@pytest.mark.parametrize("host", ["example.org", "1password.com", "0x.example", "a1", "xn--bcher-kva.example"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None
    assert url_refusal(f"https://{host}:8443/x?y#z", NOTHING) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "use https"),
        ("ftp://example.org/", "such as"),
        ("//example.org/", "such as"),
        ("https:///x", "such as"),
        ("https://", "such as"),
        ("example.org", "such as"),
        ("https://user:secret@example.org/", "user and password"),
        ("https://@example.org/", "user and password"),
        ("https://example.org:0/", "such as"),
        ("https://example.org:99999/", "no URL"),
        ("https://[::1/", "no URL"),
        ("https://exa mple.org/", "blanks"),
        ("https://example.org/\r\nX: y", "blanks"),
        ("https://example.org\\@127.0.0.1/", "blanks"),
        ("https://localhost/", "loopback"),
        ("https://LOCALHOST./", "loopback"),
        ("https://x.localhost/", "loopback"),
        ("https://169.254.169.254/latest/meta-data", "link-local"),
    ],
)
def test_a_url_shows_what_is_wrong_with_it(url: str, why: str) -> None:
    told = url_refusal(url, NOTHING)
    assert why in str(told)
    assert "secret" not in str(told)


def test_what_the_operator_allows_is_allowed_and_nothing_more() -> None:
    allowed = Allowed.of(allowed_targets("loopback, 10.1.0.0/16 Intranet.Example fd00:1::/32"))
    for text in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "fd00:1::9"):
        assert refusal(ipaddress.ip_address(text), allowed, plain=True) is None, text
    for text in ("10.2.0.1", "192.168.1.1", "fd00:2::9", "169.254.169.254"):
        assert refusal(ipaddress.ip_address(text), allowed, plain=False), text
    for url in ("http://127.0.0.1:1/", "http://localhost/", "http://intranet.example/", "http://INTRANET.example./"):
        assert url_refusal(url, allowed) is None, url
    assert url_refusal("http://10.2.0.1/", allowed)
    assert url_refusal("http://intranet.example/", Allowed.of(["other.example"]))


def test_private_is_the_private_networks() -> None:
    allowed = Allowed.of(allowed_targets("private"))
    assert refusal(ipaddress.ip_address("172.20.0.1"), allowed, plain=True) is None
    assert refusal(ipaddress.ip_address("127.0.0.1"), allowed, plain=True)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "::gg", "1.2.3.4.5", "a b!c"])
def test_a_setting_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|label"):
        allowed_targets(text)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\Ahttps?://[^\s]{0,40}\Z")))
def test_any_text_is_judged_and_nothing_raised(text: str) -> None:
    told = url_refusal(text, NOTHING)
    if told is None:
        assert text.lower().startswith("https://")
        assert "@" not in text.partition("://")[2].partition("/")[0]

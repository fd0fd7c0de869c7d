"""Batches and the plain loop, TCP's manners, the rate limit, and counts."""

from __future__ import annotations

import socket
import struct
import sys

import dns.message
import pytest

from tests.dns.support import HOST, DnsProcess, Start, flags, query, read, received, zone
from tests.support import cannot_run

BURST = 500
FLOOD, FLOOD_PORTS = 2_000, 40


def burst(server: DnsProcess, packets: list[bytes]) -> dict[bytes, bytes]:
    """Send many datagrams at once; return the answers by id."""
    answers: dict[bytes, bytes] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        asking.connect((HOST, server.port))
        asking.settimeout(1)
        for packet in packets:
            asking.send(packet)
        try:
            while len(answers) < len(packets):
                answer = asking.recv(65535)
                answers[answer[:2]] = answer
        except TimeoutError:
            pass
    return answers


@pytest.mark.parametrize("more", [(), ("--one-by-one",)])
def test_many_datagrams_each_get_their_own_answer(launch: Start, more: tuple[str, ...]) -> None:
    server = launch(*more)
    server.feed(zone())
    kinds = ("example.test", "mx.example.test", "nothing.example.test", "www.other.test")
    packets = [struct.pack("!H", number) + query(kinds[number % 4], "A")[2:] for number in range(BURST)]
    packets[7] = b"\0\7\x80\0junk"  # an answer among them gets none, and holds up no other
    answers = burst(server, packets)
    assert set(answers) == {packet[:2] for packet in packets} - {b"\0\7"}
    for packet in packets[:7] + packets[8:]:
        assert read(answers[packet[:2]]).question == dns.message.from_wire(packet).question


def test_questions_in_one_write_are_answered_in_order(server: DnsProcess) -> None:
    packets = [struct.pack("!H", number) + query("mx.example.test", "A")[2:] for number in range(BURST)]
    assert [answer[:2] for answer in server.over_tcp(*packets)] == [packet[:2] for packet in packets]


def test_a_question_may_come_octet_by_octet(server: DnsProcess) -> None:
    packet = query("mx.example.test", "A")
    with server.tcp() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in struct.pack("!H", len(packet)) + packet:
            connection.send(bytes((octet,)))
        assert read(received(connection)).answer


def test_large_answers_wait_for_a_slow_reader(server: DnsProcess) -> None:
    packet = query("huge.example.test", "TXT")
    count = 3000  # of 2 kB each
    with server.tcp() as connection:
        connection.sendall((struct.pack("!H", len(packet)) + packet) * count)
        sizes = [len(received(connection)) for _ in range(count)]
    assert len(set(sizes)) == 1


def test_idle_connections_and_too_many_of_one_client_are_ended(launch: Start) -> None:
    server = launch("--tcp-idle", "0.5", "--tcp-per-client", "3")
    server.feed(zone())
    with server.tcp() as one, server.tcp(), server.tcp():
        with server.tcp() as fourth:
            fourth.settimeout(10)
            with pytest.raises((ConnectionError, EOFError)):
                received(fourth)
        with pytest.raises((ConnectionError, EOFError)):
            received(one)
    assert server.over_tcp(query("mx.example.test", "A")), "others are let in when they are gone"


@pytest.mark.parametrize("more", [(), ("--one-by-one",)])
def test_the_rate_is_limited_and_every_second_answer_slips(launch: Start, more: tuple[str, ...]) -> None:
    server = launch("--rate", "20", "--limit-loopback", *more)
    server.feed(zone())
    packets = [struct.pack("!H", number) + query("example.test", "MX")[2:] for number in range(200)]
    answers = [read(answer) for answer in burst(server, packets).values()]
    slipped = [one for one in answers if "TC" in flags(one)]
    assert len(answers) < 200
    assert slipped
    assert all(not one.answer and not one.authority for one in slipped)
    assert server.over_tcp(*packets)[-1][3] & 15 == 0, "TCP is exempt"
    counts = server.ask("stats")["udp"]
    assert counts["limited"] >= 200 - len(answers)
    assert counts["slipped"] == len(slipped)


def test_loopback_is_exempt_unless_it_is_told_otherwise(launch: Start) -> None:
    server = launch("--rate", "5")
    server.feed(zone())
    packets = [struct.pack("!H", number) + query("example.test", "MX")[2:] for number in range(100)]
    assert len(burst(server, packets)) == 100


def test_counts_by_type_outcome_and_transport(launch: Start) -> None:
    server = launch()
    server.feed(zone())
    for _ in range(3):
        server.udp(query("example.test", "MX"))
        server.udp(query("nothing.example.test", "A"))
    server.over_tcp(query("mx.example.test", "AAAA"), query("www.other.test", "TXT"))
    stats = server.ask("stats")
    assert stats["zones"] == 1
    assert stats["udp"]["answers"] == {"MX/NOERROR": 3, "A/NXDOMAIN": 3}
    assert stats["tcp"]["answers"] == {"AAAA/NOERROR": 1, "TXT/REFUSED": 1}
    assert stats["udp"]["faults"] == 0


@pytest.mark.parametrize("more", [(), ("--one-by-one",)])
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_answers_leave_from_the_address_that_was_asked(launch: Start, host: str, more: tuple[str, ...]) -> None:
    if host == "::":
        if not socket.has_ipv6:
            cannot_run("there is no IPv6")
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                cannot_run("there is no IPv6 loopback")
    server = launch("--host", host, "--rate", "1", *more)
    server.feed(zone())
    asked = ["127.0.0.1", "127.0.0.2", "127.9.9.9"] + (["::1"] if host == "::" else [])
    for address in asked:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            for _ in range(3):
                asking.sendto(query("example.test", "MX"), (address, server.port))
                answer, source = asking.recvfrom(65535)
                assert source[0] == address
                assert read(answer).answer


def test_questions_before_the_first_feed_wait(launch: Start) -> None:
    server = launch()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((HOST, server.port))
        asking.settimeout(10)
        asking.send(query("example.test", "MX"))
        server.feed(zone())
        assert read(asking.recv(65535)).answer


def test_who_floods_fills_no_buffer_but_its_own(launch: Start) -> None:
    if sys.platform != "linux":
        cannot_run("elsewhere the kernel chooses the socket by itself")
    server = launch()
    packet = query("mx.example.test", "A")
    for _ in range(FLOOD_PORTS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooding:
            flooding.bind(("127.0.0.1", 0))
            flooding.connect((HOST, server.port))
            for _ in range(FLOOD):  # more than a buffer takes, and nothing is answered yet
                flooding.send(packet)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.2", 0))
        asking.settimeout(10)
        asking.sendto(packet, (HOST, server.port))
        server.feed(zone())
        assert read(asking.recv(65535)).answer


def test_every_client_is_answered_whichever_socket_it_comes_to(launch: Start) -> None:
    server = launch("--host", "::", "--processes", "3")
    server.feed(zone())
    packet = query("mx.example.test", "A")
    clients = [(socket.AF_INET, f"127.0.0.{number}") for number in range(1, 33)]
    for family, address in (*clients, *([(socket.AF_INET6, "::1")] * 8)):
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(10)
            asking.bind((address, 0))
            asking.sendto(packet, (HOST if family == socket.AF_INET else "::1", server.port))
            assert read(asking.recv(65535)).answer, address

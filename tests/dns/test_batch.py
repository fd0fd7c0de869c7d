"""Where the datagrams of a batch come from."""

from __future__ import annotations

import socket

from daemon.dns.batch import IPV4_ADDRESS_AT as ADDRESS_AT
from daemon.dns.batch import SOURCE_OCTETS, Buffers


def test_a_batch_from_one_address_is_told_at_a_glance() -> None:
    buffers = Buffers(socket.AF_INET, 0)

    def come_from(*last_octets: int) -> None:
        for number, last in enumerate(last_octets):
            at = number * SOURCE_OCTETS + ADDRESS_AT
            buffers.sources[at : at + 4] = bytes((192, 0, 2, last))

    come_from(7, 7, 7, 9)
    assert buffers.only_network(3) == buffers.networks_of(3)[0]
    assert buffers.only_network(4) is None  # another address, though of the same network
    assert len(set(buffers.networks_of(4))) == 1
    assert Buffers(socket.AF_INET6, 0).only_network(3) is None

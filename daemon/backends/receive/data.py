"""What follows DATA (RFC 5321, 4.1.1.4 and 4.5.2), taken in piece by piece as it comes off the wire.

Nothing here is done line by line, nor to the whole mail at once: a mail of any size or shape costs the event loop no
more at a time than the piece that has just arrived.
"""

from __future__ import annotations

from enum import Enum
from io import BytesIO

_END = b"\r\n.\r\n"
PIECE_MAX_OCTETS = 64 * 1024  # less than any line may have


class Fault(Enum):
    """Why a mail is refused, told when it is over: until then its sender does not listen."""

    TOO_MUCH = "552 5.3.4 The mail is larger than is taken in here"
    TOO_LONG_A_LINE = "500 5.5.2 A line is too long"
    # Anything but CRLF at the end of a line is how mail is smuggled past a filter (RFC 5321, 2.3.8).
    BARE_LINE_END = "554 5.6.0 Bare CR or LF in the message"


class Incoming:
    """One mail on its way in. `fault` says why it will be refused; its octets are dropped from then on."""

    def __init__(self, head: bytes, *, octets_max: int, line_max_octets: int) -> None:
        self._kept = BytesIO()
        self._kept.write(head)
        self._octets_left = octets_max
        self._line_max_octets = line_max_octets
        self._line_octets = 0
        self._held = b"\r\n"  # the end of the DATA command: a dot that follows at once stands at the start of a line
        self._skip = len(self._held)
        self.fault: Fault | None = None

    def feed(self, data: bytes) -> bytes | None:
        """Take what arrived; return what came after the end of the mail, or None while that is still to come."""
        for start in range(0, len(data), PIECE_MAX_OCTETS):
            piece = self._held + data[start : start + PIECE_MAX_OCTETS]
            end = piece.find(_END)
            if end >= 0:
                self._take(piece[: end + 2])
                return piece[end + len(_END) :] + data[start + PIECE_MAX_OCTETS :]
            self._held = _begun(piece)
            self._take(piece[: len(piece) - len(self._held)])
        return None

    def content(self) -> bytes:
        """Return head and mail; without a copy, for the buffer gives away the bytes that it holds."""
        return self._kept.getvalue()

    def _take(self, piece: bytes) -> None:
        """Keep a piece that ends neither within a CRLF nor within a CRLF and the dot after it."""
        if not piece or self.fault is not None:
            return
        plain = piece.replace(b"\r\n.", b"\r\n")
        self._octets_left -= len(plain) - self._skip
        self.fault = self._fault(plain)
        if self.fault is None:
            self._kept.write(memoryview(plain)[self._skip :])
        else:
            self._kept = BytesIO()
        self._skip = 0

    def _fault(self, piece: bytes) -> Fault | None:
        if self._octets_left < 0:
            return Fault.TOO_MUCH
        pairs = piece.count(b"\r\n")
        if pairs != piece.count(b"\r") or pairs != piece.count(b"\n"):
            return Fault.BARE_LINE_END
        return Fault.TOO_LONG_A_LINE if self._is_long(piece, pairs) else None

    def _is_long(self, piece: bytes, pairs: int) -> bool:
        """Tell whether a line ended, or goes on, beyond the limit; one within a piece cannot: a piece is shorter."""
        if not pairs:
            self._line_octets += len(piece)
            return self._line_octets > self._line_max_octets
        ended = self._line_octets + piece.find(b"\r\n")
        self._line_octets = len(piece) - piece.rfind(b"\r\n") - 2
        return max(ended, self._line_octets) > self._line_max_octets


def _begun(piece: bytes) -> bytes:
    """Return the longest end of a piece with which the end of the mail may begin."""
    return next((_END[:length] for length in range(len(_END) - 1, 0, -1) if piece.endswith(_END[:length])), b"")

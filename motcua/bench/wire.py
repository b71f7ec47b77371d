"""As much MQTT 5 as a publisher needs that must cost next to nothing: whole packets of bytes.

Only for benches: a publisher that took as much of the machine as the hall would measure itself.
"""

from __future__ import annotations

import socket
from typing import Final, NamedTuple

from motcua.bench.errors import BenchError
from motcua.bench.parts import LOOPBACK

CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
_MOST_IDS: Final = 65_535


class Packet(NamedTuple):
    """One packet from the broker: its kind (high four bits), flags, and the rest."""

    kind: int
    flags: int
    body: bytes


def _length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _text(words: str) -> bytes:
    encoded = words.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def connect(client_id: str) -> bytes:
    """CONNECT with Clean Start, session expiry 0 and no keepalive."""
    body = _text("MQTT") + b"\x05\x02\x00\x00" + b"\x00" + _text(client_id)
    return b"\x10" + _length(len(body)) + body


def subscribe(topic: str) -> bytes:
    """SUBSCRIBE to ``topic`` with QoS 1."""
    body = b"\x00\x01\x00" + _text(topic) + b"\x01"
    return b"\x82" + _length(len(body)) + body


def publish(topic: str, number: int, payload: bytes) -> bytes:
    """PUBLISH with QoS 1; ``number`` from 1 chooses the packet id."""
    packet_id = (number - 1) % _MOST_IDS + 1
    body = _text(topic) + packet_id.to_bytes(2, "big") + b"\x00" + payload
    return b"\x32" + _length(len(body)) + body


def payload_of(packet: Packet) -> tuple[bytes, bytes]:
    """(payload, the PUBACK that it wants) of a PUBLISH; the PUBACK is empty for QoS 0."""
    body, at = packet.body, 2 + int.from_bytes(packet.body[:2], "big")
    answer = b""
    if packet.flags & 0x06:
        answer = b"\x40\x02" + body[at : at + 2]
        at += 2
    properties, at = _read_length(body, at)
    return body[at + properties :], answer


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7


class Line:
    """A connection to the broker: bytes out, packets in."""

    def __init__(self, port: int, client_id: str) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self.socket.sendall(connect(client_id))
        (answer,) = self.read()
        if answer.kind != CONNACK or answer.body[1]:
            raise BenchError(f"the broker refuses {client_id}: {answer.body!r}")

    def read(self) -> list[Packet]:
        """Wait for bytes; the whole packets among them.

        Raises:
            BenchError: the broker has closed the connection.
        """
        came = self.socket.recv(262_144)
        if not came:
            raise BenchError("the broker closed a publisher's connection")
        data, at, packets = self._rest + came, 0, []
        while True:
            try:
                length, begin = _read_length(data, at + 1)
            except IndexError:
                break
            if begin + length > len(data):
                break
            body = data[begin : begin + length]
            packets.append(Packet(data[at] & 0xF0, data[at] & 0x0F, body))
            at = begin + length
        self._rest = data[at:]
        return packets

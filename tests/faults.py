"""What lines do to bytes: each function takes what was sent and returns the pieces that arrive."""

from __future__ import annotations

from collections.abc import Callable

Mangler = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    return [data]


def one_byte_at_a_time(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def in_halves(data: bytes) -> list[bytes]:
    middle = len(data) // 2
    return [piece for piece in (data[:middle], data[middle:]) if piece]


def with_nuls(data: bytes) -> list[bytes]:
    """Power glitches: NUL and 0xFF between all characters."""
    return [b"\x00\xff".join(bytes([octet]) for octet in data) + b"\x00"]


def with_garbage_lines(data: bytes) -> list[bytes]:
    """Lines that mean nothing, before every answer."""
    return [b"\r\n\x83\x91~}!x\xfe\r\n", data]


def with_noise(data: bytes) -> list[bytes]:
    """Unsolicited results of the make, before every answer."""
    return [b"\r\n^RSSI:18\r\n\r\n^BOOT:44964621,0,0,0,99\r\n", data]


def with_double_line_ends(data: bytes) -> list[bytes]:
    """CR CR LF, as Huawei's ^MODE lines end."""
    return [data.replace(b"\r\n", b"\r\r\n")]


ALL: dict[str, Mangler] = {
    mangler.__name__: mangler
    for mangler in (
        whole,
        one_byte_at_a_time,
        in_halves,
        with_nuls,
        with_garbage_lines,
        with_noise,
        with_double_line_ends,
    )
}

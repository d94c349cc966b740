"""Addresses on the public internet, told from those that a stranger must not make us call.

A name may resolve to anything, and to something else the next moment: so the address that is connected to is
the one that is looked at (`streams/alerts/post.py`).
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # all that IANA has given out so far
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_PLATFORM: Final = IPv4Address("168.63.129.16")  # Azure's host, as good as its metadata service


class Private(ValueError):
    """A host whose address is not public."""


def is_public(address: str) -> bool:
    """Whether this address, or the IPv4 one within it, is one of the public internet."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(ip.packed[12:]) if ip in _NAT64 else None)
        if inner is None:
            inner = ip.sixtofour
            if ip.scope_id or ip not in _GLOBAL_UNICAST or not ip.is_global:
                return False
        return inner is None or _is_public_v4(inner)
    return _is_public_v4(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip != _PLATFORM


async def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host. Raises Private, and OSError where there are none.

    One address that is not public condemns the host: nobody has both for a good reason.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise Private(
                    f"{host} is {address}, which is not public; say allow_private = true if it is meant"
                )
    return addresses

"""Addresses of hosts: only public ones may be called, unless a rule allows others.

A name may resolve to anything, and to something else the next moment. So the address that is connected to is
the one that was checked (`streams/alerts/channels/http.py`).
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from models.errors import TankerwatchError

# The special ones of IANA's registries (iana-ipv4-special-registry, iana-ipv6-special-registry), multicast,
# and Azure's host, as good as its metadata service. Versions of Python differ in what they call private.
_NOT_PUBLIC: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
)  # fmt: skip
_UNICAST: Final = IPv6Network("2000::/3")  # all that IANA has assigned so far
_NOT_PUBLIC_6: Final = tuple(IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052


class Private(TankerwatchError, ValueError):
    """A host whose address is not public."""


def is_public(address: str) -> bool:
    """Whether this address, or the IPv4 address within it, is public."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (IPv4Address(ip.packed[12:]) if ip in _NAT64 else None)
        if inner is None:
            return ip in _UNICAST and not ip.scope_id and all(ip not in net for net in _NOT_PUBLIC_6)
        ip = inner
    return all(ip not in network for network in _NOT_PUBLIC)


async def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host. Raises Private, and OSError if there are none.

    A host with one address that is not public is refused: there is no good reason to have both.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise Private(
                    f"{host} is {address}, which is not public; set allow_private = true if that is intended"
                )
    return addresses

"""Trusted proxies: the reverse proxies whose word is taken for who their clients are."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class TrustedProxies:
    """Raises ValueError for a text that is no list of addresses and networks."""

    def __init__(self, text: str) -> None:
        parts = [part.strip() for part in text.split(",")]
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(part, strict=False) for part in parts if part
        ]

    def trust(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def client(self, hosts: Sequence[str]) -> int:
        """Which of these hosts, of which each proxy has added one at the end, is the client."""
        for at in range(len(hosts) - 1, -1, -1):
            if not self.trust(hosts[at]):
                return at
        return 0

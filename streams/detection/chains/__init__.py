"""Chains: the suspected way of a cargo of oil from its source to a North Korean port, from other events."""

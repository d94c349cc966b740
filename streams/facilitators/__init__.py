"""Vessels outside the lists that deal with listed or North Korean vessels again and again."""

"""Addresses of servers, as they may be shown."""

import re


def without_password(told: str) -> str:
    """A text whose addresses have lost the name and password that they may hold."""
    return re.sub(r"//[^/@\s]*@", "//", told)

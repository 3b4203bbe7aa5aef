"""What a person would call the browser behind a `User-Agent`: "Firefox on Windows". A guess, for people to know it by.

Spec: RFC 9110 s10.1.5
"""

from __future__ import annotations

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""The first that is in the text names it: many claim to be others too."""


def device(user_agent: str) -> tuple[str | None, str | None]:
    """Browser and system, None where the text does not tell."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), None)
    return browser, next((name for mark, name in SYSTEMS if mark in user_agent), None)


def device_name(user_agent: str) -> str:
    """The same in words; empty where neither is known."""
    return " on ".join(each for each in device(user_agent) if each)

"""Icons for SolidOS, under the names by which it asks for its own, which are on another site and not in its package.

Drawn here, so they are not the same pictures; what is not known by its name is a dot.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pod.operator.data_browser import NAME_CHARACTERS_MAX, BuildFile, packed

INK, GREEN, RED, GREY = "#4d4a63", "#1f7a3d", "#b3261e", "#9a97ab"

_SHAPES = {
    "add": (GREEN, "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8v8M8 12h8"),
    "agents": (
        INK,
        ("M8.5 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 19a6 6 0 0 1 12 0"
        "M16 11.5a2.5 2.5 0 1 0-1-4.8M17 14a5 5 0 0 1 4.5 5"),
    ),
    "app": (INK, "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13v7M13 16.5h7"),
    "attachment": (INK, "M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-8 8a1.5 1.5 0 0 1-2.1-2.1l7-7"),
    "audio": (
        INK,
        ("M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"
        "M19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"),
    ),
    "book": (INK, "M5 4.5h12a2 2 0 0 1 2 2V20H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12"),
    "bookmark": (INK, "M7 4h10v16l-5-4-5 4z"),
    "camera": (INK, "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z"),
    "cancel": (RED, "M6 6l12 12M18 6L6 18"),
    "card": (INK, "M4 5h16v14H4zM8 9h8M8 12.5h8M8 16h5"),
    "chart": (INK, "M4 4v16h16M8 16v-4M12 16V8M16 16v-6"),
    "chat": (INK, "M4 5h16v11h-9l-4.5 4V16H4zM8 9h8M8 12h5"),
    "check": (GREEN, "M5 12.5l4.5 4.5L19 7"),
    "class": (INK, "M4 7h16v10H4z"),
    "copy": (INK, "M8 8h12v12H8zM16 8V4H4v12h4"),
    "danger": (RED, "M12 4l9 16H3zM12 10v4.5M12 17.2v.3"),
    "delete": (INK, "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 10.5v6M13.5 10.5v6"),
    "document": (INK, "M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h6"),
    "dot": (GREY, "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z"),
    "down": (INK, "M6 9l6 7 6-7z"),
    "download": (INK, "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14"),
    "edit": (INK, "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM14 6.5l3.5 3.5"),
    "film": (INK, "M4 5h16v14H4zM10 9l5 3-5 3z"),
    "folder": (INK, "M3.5 6h6l2 2.5h9V19h-17z"),
    "form": (INK, "M5 4h14v16H5zM8 8h2M12 8h4M8 12h2M12 12h4M8 16h2M12 16h4"),
    "forward": (INK, "M9 5l7 7-7 7"),
    "globe": (
        INK,
        ("M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17"
        "M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17"),
    ),
    "help": (
        INK,
        ("M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z"
        "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.6v.3"),
    ),
    "home": (INK, "M4 11.5L12 4l8 7.5M6 10v10h12V10M10 20v-6h4v6"),
    "less": (RED, "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8 12h8"),
    "link": (INK, "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"),
    "list": (INK, "M8 6h12M8 12h12M8 18h12M4 6h.3M4 12h.3M4 18h.3"),
    "lock": (INK, "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"),
    "mail": (INK, "M3.5 6h17v12h-17zM3.5 7l8.5 6 8.5-6"),
    "money": (
        INK,
        ("M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z"
        "M15 9c-1-1-2-1.4-3-1.4-4 0-4 4 0 4.4s4 4.4 0 4.4c-1 0-2-.4-3-1.4M12 6v12"),
    ),
    "more": (INK, "M6 12h.3M12 12h.3M18 12h.3"),
    "person": (INK, "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0"),
    "picture": (INK, "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9.5h.3"),
    "pod": (INK, "M4 5h16v5H4zM4 14h16v5H4zM8 7.5h2M8 16.5h2"),
    "project": (INK, "M4 6h16v13H4zM9 6V4h6v2M4 12h16"),
    "property": (INK, "M12 4l8 8-8 8-8-8z"),
    "refresh": (INK, "M19 9a7.5 7.5 0 1 0 .5 5M19.5 4.5V9H15"),
    "reply": (INK, "M9 6l-5 5 5 5M4 11h9a6 6 0 0 1 6 6v2"),
    "robot": (INK, "M5 9h14v10H5zM12 9V5M9.5 13.5h.3M14.5 13.5h.3M9.5 16.5h5"),
    "rows": (INK, "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14"),
    "schedule": (INK, "M4 6h16v14H4zM4 10h16M8.5 4v4M15.5 4v4"),
    "search": (INK, "M10.5 16.5a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM15 15l5 5"),
    "send": (INK, "M4 12l16-8-5 16-3.5-6.5z"),
    "settings": (INK, "M4 7h8M16 7h4M14 5v4M4 12h3M11 12h9M9 10v4M4 17h9M17 17h3M15 15v4"),
    "share": (
        INK,
        ("M8.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM20 6a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z"
        "M20 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM8.2 11l7-4M8.2 13l7 4"),
    ),
    "source": (INK, "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"),
    "star": (INK, "M12 4l2.5 5.2 5.5.8-4 4 1 5.6-5-2.7-5 2.7 1-5.6-4-4 5.5-.8z"),
    "tag": (INK, "M4 4h8l8 8-8 8-8-8zM8 8h.3"),
    "target": (INK, "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z"),
    "task": (INK, "M5 5h14v14H5zM8.5 12l2.5 2.5 4.5-5"),
    "task open": (INK, "M5 5h14v14H5z"),
    "text": (INK, "M5 6V4h14v2M12 4v16M9 20h6"),
    "thumb down": (INK, "M8 13V4h8.5l2.5 7v2h-5l1 5-2 2zM8 4H4.5v9H8"),
    "thumb up": (INK, "M8 11v9h8.5l2.5-7v-2h-5l1-5-2-2zM8 20H4.5v-9H8"),
    "trip": (INK, "M3 14l18-7-5 9-4-2-2 5-2-5z"),
    "unlock": (INK, "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1"),
    "up": (INK, "M6 15l6-7 6 7z"),
    "upload": (INK, "M12 15.500V5M7.500 9L12 4.500 16.500 9M5 20h14"),
}  # fmt: skip
"""A colour, and lines on a field of 24 by 24."""

_NAMES = {
    "add": "noun_34653_green noun_34653 noun_19460_green 22-list-add-new",
    "agents": "noun_339237 noun_99101 noun_15059 noun_143899",
    "app": "noun_15177 noun_144",
    "attachment": "noun_25830",
    "audio": "noun_534313",
    "book": "noun_15695",
    "bookmark": "noun_45961",
    "camera": "noun_Camera_1618446_000000",
    "cancel": "noun_1180156 tbl-x-small",
    "card": "noun_492246",
    "chart": "noun_170702",
    "chat": "noun_1689339 noun_346319 noun_14973",
    "check": "noun_1180158",
    "class": "class-rectangle noun_rectangle_1722413",
    "copy": "noun_copy_2018813",
    "danger": "noun_Danger_1259514",
    "delete": "noun_925021",
    "document": "noun_681601 noun_Document_998605 noun_79217 dokieli-logo 22-text-x-generic",
    "down": "noun_1369241 noun_897914 tbl-collapse",
    "download": "noun_Download_76560_000000",
    "edit": "noun_253504",
    "film": "noun_1619 noun_138712",
    "folder": "noun_973694 noun_973694_expanded 22-folder-open",
    "form": "noun_122196",
    "forward": "noun_forward_390574_000000 noun_1180164 tbl-expand-trans go-to-this",
    "globe": "noun_98053",
    "help": "noun_help about",
    "home": "noun_547570",
    "less": "noun_2188_red tbl-shrink",
    "list": "noun_list_638112 noun_638141 noun_lines_2626315 noun_688606",
    "lock": "padlock-timbl noun_locked_2160665_000000 noun_123691",
    "mail": "noun_480183 noun_567486",
    "money": "noun_106746 noun_142708",
    "more": "noun_243787 tbl-more-trans",
    "person": "newperson newpersonInCircle emptyProfileAvatar foafTiny",
    "picture": "noun_598334 22-image-x-generic",
    "pod": "noun_Cabinet_1434380 noun_Cabinet_251723",
    "project": "noun_1036577 noun_66617",
    "property": "property-diamond noun_rhombus_1722412",
    "refresh": "noun_479395",
    "reply": "noun-reply-5506924",
    "robot": "noun_Robot_849764",
    "rows": "rdf_flyer.24 tbl-rows",
    "schedule": "noun_346777",
    "search": "noun_Search_875351",
    "send": "noun_383448",
    "settings": "noun_Sliders_341315_000000 noun_344563 22-emblem-system",
    "share": "noun_Share_29706_000000 noun_123196 social",
    "source": "noun_109873 22-text-xml4 n3_smaller",
    "star": "noun_272948",
    "tag": "noun_Tag_3235488",
    "target": "noun_748003",
    "task": "noun_17020 noun_17020_gray-tick",
    "task open": "noun_17020_sans-tick",
    "text": "markdown noun_T-Block_1114655_000000 noun_T-Block_1114657_000000",
    "thumb down": "noun_1384135",
    "thumb up": "noun_1384132",
    "trip": "noun_581629 noun_62007",
    "unlock": "noun_unlocked_2160671_000000",
    "up": "noun_1369237",
    "upload": "noun_Upload_76574_000000",
}
_SHAPE_OF = {name: shape for shape, names in _NAMES.items() for name in names.split()}
_ICON = re.compile(r"(?:([a-z0-9]{1,20})/)?([A-Za-z0-9_][A-Za-z0-9_.-]*)\.(?:svg|png|gif)")
_OF_SITES = "social"
"""The folder in which the names are those of sites."""


@lru_cache(maxsize=256)
def icon(name: str) -> BuildFile | None:
    """A picture for a name that SolidOS may ask for; None where it is no such name."""
    match = _ICON.fullmatch(name)
    if match is None or len(name) > NAME_CHARACTERS_MAX:
        return None
    other = "link" if match[1] == _OF_SITES else "dot"
    shape = _SHAPE_OF.get(match[2], other)
    return BuildFile("image/svg+xml", packed(_drawn(*_SHAPES[shape]).encode()))


def _drawn(colour: str, lines: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" '
        f'stroke="{colour}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d="{lines}"/></svg>'
    )

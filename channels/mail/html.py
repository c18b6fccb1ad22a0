"""Text of an HTML mail as its reader sees it: quotes gone, and nothing that was hidden from the eye (hidden text is how
words are put into a reader's mouth)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]
from lxml import etree, html  # type: ignore[import-untyped]

HTML_CHARS = 250_000  # with the styles that some mail programs put in front of a short answer
_QUOTE_IDS = ("divrplyfwdmsg", "appendonsend", "stopspelling", "x_divrplyfwdmsg", "mail-editor-reference-message-container")
_QUOTE_CLASSES = (
    "gmail_quote",
    "gmail_attr",
    "yahoo_quoted",
    "moz-cite-prefix",
    "moz-forward-container",
    "protonmail_quote",
    "zmail_extra",
)
_SIGNATURE_CLASSES = ("gmail_signature", "moz-signature", "protonmail_signature_block", "ms-outlook-mobile-signature")
_DROPPED_TAGS = (
    "script",
    "style",
    "head",
    "title",
    "template",
    "noscript",
    "object",
    "svg",
    "math",
    "select",
    "textarea",
    "button",
)
_COLOUR_NAMES = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
}
_SIZE = re.compile(r"(-?[\d.]+)\s*([a-z%]*)")
_SMALL = {"px": 3.0, "pt": 2.0, "em": 0.2, "rem": 0.2, "%": 20.0, "": 3.0}

Colour = tuple[int, int, int] | None
"""Red, green, blue; None: a colour that is not read here, so never taken for hidden."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element inherits."""

    colour: Colour = (0, 0, 0)
    background: Colour = (255, 255, 255)
    small: bool = False

    @property
    def hidden(self) -> bool:
        if self.small:
            return True
        if self.colour is None or self.background is None:
            return False
        return sum(abs(ink - paper) for ink, paper in zip(self.colour, self.background, strict=True)) < 45


def html_text(source: str) -> str:
    """The visible, unquoted text of an HTML body; "" where nothing of the kind is in it."""
    try:
        root = html.document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", source[:HTML_CHARS]), parser=html.HTMLParser(encoding=None)
        )
    except (etree.LxmlError, ValueError):  # no element at all
        return ""
    _cut_at_quote(root)
    _drop_hidden(root)
    return str(Inscriptis(root, ParserConfig(display_links=False, display_images=False)).get_text())


def _cut_at_quote(root: html.HtmlElement) -> None:
    """Drop the first quote and all that follows it, as in plain text."""
    for element in root.iter(etree.Element):
        if _is_quote(element):
            for ancestor in [element, *element.iterancestors()]:
                for later in list(ancestor.itersiblings()) if ancestor is not root else ():
                    later.getparent().remove(later)
                ancestor.tail = None
            element.clear()
            return


def _is_quote(element: html.HtmlElement) -> bool:
    classes = element.get("class", "").lower().split()
    return (
        element.tag == "blockquote"
        or element.get("id", "").lower() in _QUOTE_IDS
        or any(name.removeprefix("x_").startswith(_QUOTE_CLASSES) for name in classes)
    )


def _drop_hidden(root: html.HtmlElement) -> None:
    waiting = [(root, _Look())]
    while waiting:
        element, inherited = waiting.pop()
        style = _style(element)
        if element is not root and (element.tag in _DROPPED_TAGS or _is_signature(element) or _not_shown(element, style)):
            element.drop_tree()
            continue
        look = _look(element, style, inherited)
        if look.hidden:
            _silence(element)
        waiting += [(child, look) for child in element if isinstance(child.tag, str)]


def _silence(element: html.HtmlElement) -> None:
    """Remove the element's own words; its children may be visible again."""
    element.text = None
    for child in element:
        child.tail = None


def _is_signature(element: html.HtmlElement) -> bool:
    marks = f"{element.get('class', '')} {element.get('id', '')}".lower().split()
    return any(mark.startswith(_SIGNATURE_CLASSES) for mark in marks)


def _style(element: html.HtmlElement) -> dict[str, str]:
    text = re.sub(r"/\*.*?\*/|!\s*important", "", element.get("style", "").lower())
    pairs = (declaration.partition(":") for declaration in text.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if value}


def _not_shown(element: html.HtmlElement, style: dict[str, str]) -> bool:
    """Hidden with everything inside."""
    clipped = style.get("overflow") == "hidden" and any(
        _tiny(style.get(side, "")) for side in ("height", "max-height", "width", "max-width")
    )
    away = any(_number(style.get(side, "")) < -500 for side in ("text-indent", "left", "top", "margin-left", "margin-top"))
    return (
        element.get("hidden") is not None
        or style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("mso-hide") == "all"
        or ("opacity" in style and _tiny(style["opacity"] + "em"))
        or clipped
        or away
    )


def _look(element: html.HtmlElement, style: dict[str, str], inherited: _Look) -> _Look:
    look = inherited
    paper = style.get("background-color") or style.get("background") or element.get("bgcolor", "").lower()
    if paper and paper not in ("transparent", "inherit", "none", "initial"):
        look = replace(look, background=_colour(paper))
    ink = style.get("color") or (element.get("color", "").lower() if element.tag == "font" else "")
    if ink == "transparent":
        look = replace(look, colour=look.background)
    elif ink and ink != "inherit":
        look = replace(look, colour=_colour(ink))
    if size := style.get("font-size"):
        look = replace(look, small=_tiny(size))
    return look


def _tiny(length: str) -> bool:
    found = _SIZE.match(length)
    return bool(found) and _number(length) <= _SMALL.get(found[2] if found else "", 0.0)


def _number(length: str) -> float:
    try:
        return float(found[1]) if (found := _SIZE.match(length)) else 0.0
    except ValueError:
        return 0.0


def _colour(value: str) -> Colour:
    if value in _COLOUR_NAMES:
        return _COLOUR_NAMES[value]
    if found := re.match(r"#([0-9a-f]{3}(?:[0-9a-f]{3})?)\b", value):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := re.match(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})", value):
        return int(found[1]), int(found[2]), int(found[3])
    return None

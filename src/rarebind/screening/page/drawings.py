"""Drawings of ligands, reduced to shapes: no scripts, no links, no styles from elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree as ET

_NAMESPACE = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {"svg", "g", "path", "rect", "ellipse", "circle", "line", "polyline", "polygon", "text",
     "tspan"}
)  # fmt: skip
_GEOMETRY = frozenset(
    {"width", "height", "viewBox", "d", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy",
     "r", "rx", "ry", "points", "transform"}
)  # fmt: skip
_PAINT = frozenset(
    {"fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity",
     "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "opacity", "font-size",
     "font-family", "font-weight", "font-style", "text-anchor"}
)  # fmt: skip
#: What SVG assumes anyway; RDKit repeats it on every line.
_DEFAULTS = {
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "stroke-opacity": "1",
    "fill-opacity": "1",
}
# Numbers, names, colours, and functions such as translate(…) or rgb(…), but no url(…).
_PLAIN = re.compile(r"[\w\s.,;:#%+\-()']*")


def safe_drawing(svg: object) -> str | None:
    """An SVG drawing of nothing but plain shapes and text.

    Parameters
    ----------
    svg
        As RDKit writes it; anything else is tried too.

    Returns
    -------
    str or None
        None where it is no drawing, or declares a document type, whose entities could grow
        without bound.
    """
    if not isinstance(svg, str) or "<!" in svg.replace("<!--", ""):
        return None
    try:
        # Encoding declarations (RDKit's says Latin 1) are for bytes; this is text.
        root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", svg))  # noqa: S314  # no entities
    except ET.ParseError:
        return None
    if root.tag != f"{{{_NAMESPACE}}}svg":
        return None
    # Written without prefixes, though ElementTree would number the namespace.
    clean = _shapes(root)
    clean.set("xmlns", _NAMESPACE)
    return ET.tostring(clean, encoding="unicode")


def _shapes(element: ET.Element) -> ET.Element:
    clean = ET.Element(element.tag.removeprefix(f"{{{_NAMESPACE}}}"), _attributes(element))
    text = element.text or ""
    clean.text = text if clean.tag in {"text", "tspan"} else None
    for child in element:
        name = str(child.tag).removeprefix(f"{{{_NAMESPACE}}}")
        if name in _SHAPES:
            clean.append(_shapes(child))
    return clean


def _attributes(element: ET.Element) -> dict[str, str]:
    kept = _GEOMETRY | _PAINT
    found = {name: value for name, value in element.attrib.items() if name in kept}
    found.update(_declared(element.get("style", "")))
    return {
        name: value
        for name, value in found.items()
        if _DEFAULTS.get(name) != value
        and _PLAIN.fullmatch(value)
        and "url" not in value.casefold()
    }


@lru_cache(maxsize=256)
def _declared(style: str) -> tuple[tuple[str, str], ...]:
    """Paint out of a style; RDKit writes a few different ones in all its drawings."""
    found = []
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in _PAINT:
            found.append((name, value.removesuffix("px") if name == "stroke-width" else value))
    return tuple(found)

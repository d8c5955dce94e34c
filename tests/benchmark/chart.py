"""Charts: bars as SVG, drawn without a library, legible on light and on dark. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, MARGIN = 760, 20  # pixels, as are all below
NAMES, LABELS = 110, 190  # what the names take, and the labels behind the bars
ROW, BAR = 20, 14  # from bar to bar, and a bar's height
TITLE, GAP = 26, 14  # a group's title, and what is between two groups
HEADING = 40
LONGEST = WIDTH - 2 * MARGIN - NAMES - LABELS

# The viewer says which it is; who does not, is shown dark on white.
_STYLE = """
.paper { fill: #ffffff }
text { fill: #1f2328; font: 13px system-ui, sans-serif }
.heading { font-size: 16px; font-weight: 600 }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.ours { fill: #1f6feb }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117 }
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .ours { fill: #58a6ff }
}
"""


@dataclass(frozen=True)
class Bar:
    """One bar, as long as its value says."""

    name: str
    value: float
    label: str
    ours: bool = False
    """Whether it stands out."""


@dataclass(frozen=True)
class Group:
    """Bars that are compared with one another: they share a scale of their own."""

    title: str
    bars: Sequence[Bar]


def chart(heading: str, groups: Sequence[Group]) -> str:
    """Draw groups of bars, one below the other."""
    bars = sum(len(group.bars) for group in groups)
    height = 2 * MARGIN + HEADING + len(groups) * (TITLE + GAP) + bars * ROW
    size = {"width": str(WIDTH), "height": str(height), "viewBox": f"0 0 {WIDTH} {height}"}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", **size})
    ET.SubElement(svg, "title").text = heading
    ET.SubElement(svg, "style").text = _STYLE
    ET.SubElement(svg, "rect", {"class": "paper", "width": "100%", "height": "100%"})
    _write(svg, MARGIN, MARGIN + 16, heading, "heading")
    top = MARGIN + HEADING
    for group in groups:
        _write(svg, MARGIN, top + 14, group.title, "title")
        top = _draw(svg, top + TITLE, group.bars) + GAP
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _draw(svg: ET.Element, top: int, bars: Sequence[Bar]) -> int:
    """Draw the bars of a group; tell where they end."""
    most = max((bar.value for bar in bars), default=0) or 1
    for bar in bars:
        length = LONGEST * bar.value / most
        left, base = MARGIN + NAMES, top + BAR - 3
        _write(svg, MARGIN, base, bar.name)
        shape = {"x": str(left), "y": str(top), "width": f"{length:.1f}", "height": str(BAR)}
        ET.SubElement(svg, "rect", {"class": "bar ours" if bar.ours else "bar", **shape})
        _write(svg, left + length + 6, base, bar.label)
        top += ROW
    return top


def _write(svg: ET.Element, x: float, y: float, text: str, kind: str = "") -> None:
    attributes = {"x": f"{x:.0f}", "y": f"{y:.0f}"} | ({"class": kind} if kind else {})
    ET.SubElement(svg, "text", attributes).text = text

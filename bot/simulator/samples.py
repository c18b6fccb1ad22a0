"""Files to attach with one tap: three vendors' quotes and a photo of goods. Drawn here, so that nothing has to be shipped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

_QUOTE = """
#set page(width: 148mm, height: 210mm, margin: 14mm)
#set text(size: 9.5pt)
#grid(columns: (1fr, auto),
  [#text(15pt, weight: "bold", fill: rgb("#b45309"))[VENDOR] \\ Stationery and office equipment],
  align(right)[#text(13pt, weight: "bold")[QUOTATION] \\ No. NUMBER])
#line(length: 100%, stroke: 0.7pt + rgb("#b45309"))
To: The purchase desk \\ Valid for 15 days
#v(4mm)
#table(columns: (1fr, auto, auto, auto), stroke: 0.4pt + luma(190), align: (left, right, right, right), inset: 6pt,
  fill: (_, row) => if row == 0 { rgb("#fef3c7") },
  [*Item*], [*Qty*], [*Rate (INR)*], [*Amount (INR)*],
  [Office chair, mesh back], [6], [6,500.00], [39,000.00],
  [Desk lamp, LED], [6], [850.00], [5,100.00],
  [Delivery], [1], [900.00], [900.00],
  [GST 18%], [], [], [8,100.00],
  [*Total*], [], [], [*53,100.00*])
#v(4mm)
Delivery within 7 days of the order. Payment 30 days after delivery. \\
This is a sample made up for trying things out.
"""

_PHOTO = """
#set page(width: 160mm, height: 120mm, margin: 0mm, fill: gradient.linear(rgb("#9fb3c8"), rgb("#dbe4ee"), angle: 90deg))
#place(bottom, rect(width: 100%, height: 38mm, fill: gradient.linear(rgb("#7c6a58"), rgb("#a08a73"), angle: 90deg)))
#let carton(x, y, w, h) = {
  place(dx: x, dy: y, rect(width: w, height: h, fill: gradient.linear(rgb("#d6a667"), rgb("#b9854a"), angle: 25deg)))
  place(dx: x + w, dy: y, polygon(fill: rgb("#8f6334"), (0mm, 0mm), (9mm, -7mm), (9mm, h - 7mm), (0mm, h)))
  place(dx: x, dy: y, polygon(fill: rgb("#e3bd85"), (0mm, 0mm), (9mm, -7mm), (w + 9mm, -7mm), (w, 0mm)))
  place(dx: x + w / 2 - 4mm, dy: y, rect(width: 8mm, height: h, fill: rgb("#e9d3a9")))
}
#carton(22mm, 46mm, 50mm, 46mm)
#carton(84mm, 60mm, 44mm, 34mm)
#carton(90mm, 30mm, 32mm, 30mm)
#place(dx: 27mm, dy: 66mm, rect(width: 27mm, height: 18mm, fill: white, inset: 2mm,
  text(5.5pt)[*SUNRISE SUPPLIES* \\ Office chairs \\ 6 pieces \\ Handle with care]))
"""


@cache
def quote_pdf(vendor: str = "Sunrise Supplies", number: str = "SS-Q-2041") -> bytes:
    """A vendor's quote of one page, as PDF."""
    import typst

    pdf: bytes = typst.compile(_QUOTE.replace("VENDOR", vendor).replace("NUMBER", number).encode(), format="pdf")
    return pdf


@cache
def photo_png() -> bytes:
    """A picture of three cartons, as PNG."""
    import typst

    png: bytes = typst.compile(_PHOTO.encode(), format="png", ppi=110)
    return png


SAMPLES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "quote": ("quote-SS-Q-2041.pdf", "application/pdf", quote_pdf),
    "quote2": ("quote-HT-118.pdf", "application/pdf", partial(quote_pdf, "Hillside Traders", "HT-118")),
    "quote3": ("quote-NE-7302.pdf", "application/pdf", partial(quote_pdf, "Northern Equipment", "NE-7302")),
    "photo": ("goods.png", "image/png", photo_png),
}
"""What the attach menu offers: file name, type, and what draws it."""

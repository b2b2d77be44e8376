"""A page of a PDF as a picture; its scripts, forms and links are not run."""

from __future__ import annotations

import pypdfium2

from lagan.hub.access.previews.blocks import Drawn, NotDrawn
from lagan.hub.access.previews.kinds.pictures import add_picture
from lagan.hub.access.previews.request import THUMB, Asked
from lagan.hub.access.previews.source import Source


def draw(asked: Asked, source: Source, drawn: Drawn) -> None:
    """The page asked for, and how many there are."""
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        raise NotDrawn("locked" if "assword" in str(error) else "unreadable") from None
    drawn.pages = len(document)
    if drawn.pages == 0:
        raise NotDrawn("unreadable")
    drawn.page = min(asked.page, drawn.pages - 1)
    page = document[drawn.page]
    longer = max(page.get_size())
    if longer <= 0:
        raise NotDrawn("unreadable")
    bitmap = page.render(scale=min(4.0, asked.pixels / longer))
    add_picture(drawn, bitmap.to_pil(), asked.pixels)
    if asked.view != THUMB:
        facts = document.get_metadata_dict(skip_empty=True)
        drawn.facts("", [(key, value) for key, value in facts.items()])

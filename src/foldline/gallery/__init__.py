"""The whole lecture as one page of figures, each computed when it is asked for."""

from foldline.gallery.exhibits import EXHIBITS
from foldline.gallery.page_writer import Gallery, gallery

__all__ = ["EXHIBITS", "Gallery", "gallery"]

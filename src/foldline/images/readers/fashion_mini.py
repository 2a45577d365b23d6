"""`fashion-mini`: 6,000 + 1,000 images of Fashion-MNIST that come with foldline.

IDX files packed with xz, drawn by benchmarks/build_fashion_mini.py; their licence stands beside them.
"""

from importlib.resources import as_file, files

from foldline.images.readers import idx
from foldline.images.sources import PixelArrays
from foldline.images.trees import FolderTree


def read() -> PixelArrays:
    """Read the embedded images, 600 + 100 a class."""
    with as_file(files("foldline.images") / "data") as folder:
        return idx.read(FolderTree(folder), class_names=idx.FASHION_NAMES)

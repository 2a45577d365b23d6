"""Draw the embedded `fashion-mini` from the whole of Fashion-MNIST: 600 + 100 images a class, as IDX files in xz.

usage: python benchmarks/build_fashion_mini.py FASHION_MNIST_FOLDER src/foldline/images/data

The folder holds the four .gz files as published. The same folder gives the same bytes.
"""

import lzma
import struct
import sys
from pathlib import Path

import numpy as np

import foldline as fl

SEED = 0
PER_CLASS = {"train": 600, "test": 100}


def draw(images: np.ndarray, labels: np.ndarray, *, per_class: int, rng: np.random.Generator) -> np.ndarray:
    """Give the rows drawn: so many of each class, in the order of the source."""
    drawn = [rng.choice(np.flatnonzero(labels == k), per_class, replace=False) for k in range(10)]
    return np.sort(np.concatenate(drawn))


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write one IDX file of unsigned bytes, packed with xz."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(lzma.compress(header + array.tobytes(), preset=9 | lzma.PRESET_EXTREME))


def main() -> None:
    source, folder = sys.argv[1], Path(sys.argv[2])
    rng = np.random.default_rng(SEED)
    for part, images in zip(("train", "test"), fl.load_images(source).split(), strict=True):
        rows = draw(images.images, images.labels, per_class=PER_CLASS[part], rng=rng)
        name = "train" if part == "train" else "t10k"
        write_idx(folder / f"{name}-images-idx3-ubyte.xz", images.images[rows][..., 0])
        write_idx(folder / f"{name}-labels-idx1-ubyte.xz", images.labels[rows].astype(np.uint8))
    print(f"{sum(file.stat().st_size for file in folder.iterdir()):,} bytes in {folder}")


if __name__ == "__main__":
    main()

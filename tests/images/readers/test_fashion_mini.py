from importlib.resources import files

import numpy as np

from foldline.images.readers import fashion_mini
from foldline.images.readers.idx import FASHION_NAMES

DATA = files("foldline.images") / "data"


def test_600_and_100_images_of_each_class_come_along():
    source = fashion_mini.read()
    partition = np.array(source.partition)
    assert source.images.shape == (7000, 28, 28, 1)
    assert source.class_names == FASHION_NAMES
    assert np.bincount(source.labels[partition == "train"]).tolist() == [600] * 10
    assert np.bincount(source.labels[partition == "test"]).tolist() == [100] * 10
    assert source.problems == ()


def test_the_images_stand_upright_and_belong_to_their_labels():
    # Trousers are dark between the legs and taller than wide; bags fill their width.
    source = fashion_mini.read()
    trousers, bags = (
        source.images[source.labels == FASHION_NAMES.index(name)].mean(0)[..., 0] for name in ("Trouser", "Bag")
    )
    assert (trousers > 50).any(axis=1).sum() > 1.5 * (trousers > 50).any(axis=0).sum()
    assert trousers[24, 13:15].mean() < 0.8 * trousers[24, 10:18].max()
    assert (bags > 50).any(axis=0).sum() >= 24


def test_the_files_are_small_and_their_licence_stands_beside_them():
    sizes = {file.name: len(file.read_bytes()) for file in DATA.iterdir()}
    assert sum(sizes.values()) < 3_000_000
    assert "MIT" in (DATA / "LICENSE-fashion-mnist.txt").read_text()

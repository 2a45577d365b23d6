"""Speed of DenseSIFT against VLFeat's fast dense SIFT and OpenCV's SIFT.

usage: apt-get install libvlfeat-dev; python benchmarks/sift.py [--rounds 15]

One thread, grey photographs of 320x240 in memory, a place every 4 pixels, one scale and four. VLFeat is called in its C
library, smooths each image with its own function and reuses one filter a scale; without the library its row is left
out. OpenCV describes upright keypoints of the same places and sizes, image by image, with the Gaussian pyramid that it
needs for them. Answers are checked first: VLFeat's are ours up to its approximate angles; OpenCV's SIFT weighs pixels
otherwise, so only their shape can be compared. The output is allocated anew in each call, as `transform` does; the row
"into one buffer" is how visual words use descriptors.
"""

import argparse
import ctypes
import ctypes.util
from ctypes import POINTER, c_double, c_float, c_int, c_long, c_void_p

from common import one_thread, print_table, write_result

one_thread()  # before NumPy, Numba and OpenCV read their settings

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from features import Work, measure, photographs  # noqa: E402
from foldline.features import DenseSIFT  # noqa: E402
from foldline.features.dense_sift import smoothing_px  # noqa: E402

HEIGHT, WIDTH, STEP_PX = 240, 320, 4
# VLFeat takes arctangents with an error of some thousandths, which moves votes between neighbouring directions.
TOLERANCE = 0.02


class Filter(ctypes.Structure):
    """The first fields of VlDsiftFilter in vl/dsift.h."""

    _fields_ = [
        *((name, c_int) for name in ("width", "height", "step_x", "step_y", "min_x", "min_y", "max_x", "max_y")),
        *((name, c_int) for name in ("n_directions", "n_bins_x", "n_bins_y", "bin_x", "bin_y")),
        ("has_flat_window", c_int),
        ("window_bins", c_double),
        ("n_places", c_int),
        ("n_numbers", c_int),
        ("places", c_void_p),
        ("descriptors", POINTER(c_float)),
    ]


def vlfeat() -> ctypes.CDLL | None:
    """Load VLFeat's library, if it is installed."""
    name = ctypes.util.find_library("vl")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.vl_dsift_new_basic.restype = POINTER(Filter)
    library.vl_dsift_process.argtypes = [POINTER(Filter), c_void_p]
    library.vl_imsmooth_f.argtypes = [c_void_p, c_long, c_void_p, c_long, c_long, c_long, c_double, c_double]
    return library


def vlfeat_sift(library: ctypes.CDLL, bin_px: tuple[int, ...]) -> Work:
    filters = [library.vl_dsift_new_basic(WIDTH, HEIGHT, STEP_PX, side) for side in bin_px]
    for one in filters:
        one.contents.has_flat_window, one.contents.window_bins = 1, 2.0

    def described(image: np.ndarray) -> np.ndarray:
        grey, found = image[..., 0].astype(np.float32), []
        smoothed = np.empty_like(grey)
        for side, one in zip(bin_px, filters, strict=True):
            sigma = smoothing_px(side)
            library.vl_imsmooth_f(smoothed.ctypes.data, WIDTH, grey.ctypes.data, WIDTH, HEIGHT, WIDTH, sigma, sigma)
            library.vl_dsift_process(one, smoothed.ctypes.data)
            buffer = np.ctypeslib.as_array(one.contents.descriptors, (one.contents.n_places, 128))
            found.append(buffer)
        return np.concatenate(found)  # copies: the next image has the same buffers

    return lambda images: np.stack([described(image) for image in images])


def opencv_sift(bin_px: tuple[int, ...]) -> Work:
    sift = cv2.SIFT_create()
    # A bin is three scales wide and a keypoint's size two; the first bin's centre is the first pixel.
    keypoints = [
        cv2.KeyPoint(x + 1.5 * side, y + 1.5 * side, side * 2 / 3, 0)
        for side in bin_px
        for y in range(0, HEIGHT - 3 * side, STEP_PX)
        for x in range(0, WIDTH - 3 * side, STEP_PX)
    ]
    return lambda images: np.stack([sift.compute(image, keypoints)[1] for image in images])


def into_one_buffer(feature: DenseSIFT) -> Work:
    shape = (HEIGHT, WIDTH, 1)
    describe = feature.whole_image_describer(shape)
    out = np.empty((feature.n_places(shape), 128), np.float32)

    def described(images: np.ndarray) -> np.ndarray:
        for image in images:
            describe(image, out)
        return out[None]

    return described


def check(peers: dict[str, Work], images: np.ndarray) -> None:
    ours = peers["foldline"](images)
    np.testing.assert_array_equal(peers["foldline, into one buffer"](images), ours[-1:])
    assert peers["OpenCV"](images).shape == ours.shape
    if "VLFeat" in peers:
        is_flat = ~ours.any(axis=2, keepdims=True)  # where VLFeat describes the rounding of its running sums
        np.testing.assert_allclose(np.where(is_flat, 0, peers["VLFeat"](images)), ours, atol=TOLERANCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    cv2.setNumThreads(1)
    library = vlfeat()
    if library is None:
        print("VLFeat is left out: its library is not installed (apt-get install libvlfeat-dev)")
    images = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in photographs(60, HEIGHT, WIDTH)])[..., None]
    rows = []
    for bin_px in ((4,), (4, 6, 8, 10)):
        feature = DenseSIFT(step_px=STEP_PX, bin_px=bin_px)
        peers = {"foldline": feature.transform, "foldline, into one buffer": into_one_buffer(feature)}
        if library is not None:
            peers["VLFeat"] = vlfeat_sift(library, bin_px)
        peers["OpenCV"] = opencv_sift(bin_px)
        check(peers, images[:3])
        name = f"{feature.n_places((HEIGHT, WIDTH, 1)):,} places, bins of {', '.join(map(str, bin_px))} pixels"
        rows += measure(name, peers, images, rounds=rounds)
    print_table(rows)
    packages = ("foldline", "numpy", "numba", "opencv-contrib-python-headless", "scikit-image")
    write_result("sift", {"rows": rows}, packages=packages)


if __name__ == "__main__":
    main()

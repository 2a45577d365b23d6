"""Speed of Fisher vectors, of the mixture they need and of k-means, against scikit-image, VLFeat, PyTorch and others.

usage: python benchmarks/fisher.py CALTECH101 [--rounds 7]

One thread. Fisher vectors: dense SIFT of 240x320 photos, 4,389 descriptors an image, 64 principal numbers, "improved".
VLFeat (apt-get install libvlfeat1) is called through ctypes. EM: rounds on 100,000 of these descriptors. k-means: 5
rounds on 100,000 whitened 6x6 patches, 1,600 words, everybody from the same first words.
scikit-learn ends both with one more assignment, which is counted as a round of its own. Answers are checked first.
"""

import argparse
import ctypes
import time
import warnings
from collections.abc import Callable

from common import one_thread, print_table, ratio_summary, summary, write_result

one_thread()  # before NumPy, Numba and PyTorch read their settings

import faiss  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from skimage.feature import fisher_vector  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

import foldline as fl  # noqa: E402
from foldline.features._codebook import first_words, kmeans, mean_square_distance  # noqa: E402
from foldline.features._fisher import FisherEncoder  # noqa: E402
from foldline.features._mixture import SMALLEST_VARIANCE, Mixture, fit_mixture, gaussian_sums  # noqa: E402
from foldline.features._moments import Moments  # noqa: E402
from foldline.features._principal import PrincipalDirections  # noqa: E402
from foldline.features._regions import Regions  # noqa: E402
from foldline.features.dense_sift import DenseSIFT  # noqa: E402
from foldline.features.local_descriptor import Grid  # noqa: E402

Work = Callable[[np.ndarray], np.ndarray]

N_PRINCIPAL = 64
N_PLACES, N_IMAGES, N_TRAIN_IMAGES, N_ROWS, N_WORDS = 4_389, 20, 60, 100_000, 1_600
KMEANS_ROUNDS, EM_ROUNDS = 5, 3
VL_FISHER_IMPROVED, VL_TYPE_FLOAT = 3, 1


def as_sklearn(mixture: Mixture, **settings: object) -> GaussianMixture:
    """Make scikit-learn's mixture with the same parameters, also as those it begins from."""
    other = GaussianMixture(
        len(mixture.weights),
        covariance_type="diag",
        weights_init=mixture.weights,
        means_init=mixture.means,
        precisions_init=1 / mixture.variances,
        **settings,
    )
    other.weights_, other.means_, other.covariances_ = mixture.weights, mixture.means, mixture.variances
    other.precisions_cholesky_ = 1 / np.sqrt(mixture.variances)
    return other


def fisher_peers(mixture: Mixture) -> dict[str, Work]:
    n_gaussians, d = mixture.means.shape
    means, variances, weights = (
        np.ascontiguousarray(a, np.float32) for a in (mixture.means, mixture.variances, mixture.weights)
    )
    encoder = FisherEncoder(mixture, Regions.of([Grid(1, N_PLACES)], [(1, 1)]), with_weights=False, improved=True)

    def with_foldline(x: np.ndarray) -> np.ndarray:
        out = np.empty(2 * n_gaussians * d, np.float32)
        encoder.add(x)
        encoder.finish(out)
        return out

    other = as_sklearn(mixture)

    def with_skimage(x: np.ndarray) -> np.ndarray:
        return fisher_vector(x.astype(np.float64), other, improved=True)

    vl, size, pointer = ctypes.CDLL("libvl.so.1"), ctypes.c_ulonglong, ctypes.c_void_p
    vl.vl_set_num_threads(size(1))
    vl.vl_fisher_encode.restype = size

    def with_vlfeat(x: np.ndarray) -> np.ndarray:
        out = np.empty(2 * n_gaussians * d, np.float32)
        m, v, w, rows, to = (a.ctypes.data_as(pointer) for a in (means, variances, weights, x, out))
        vl.vl_fisher_encode(
            to, VL_TYPE_FLOAT, m, size(d), size(n_gaussians), v, w, rows, size(len(x)), VL_FISHER_IMPROVED
        )
        return out

    m, v, w = (torch.from_numpy(a) for a in (means, variances, weights))
    coefficients = torch.cat([m / v, -0.5 / v], 1).T.contiguous()
    constants = w.log() - 0.5 * (torch.log(2 * torch.pi * v) + m * m / v).sum(1)

    def with_torch(x: np.ndarray) -> np.ndarray:
        rows = torch.from_numpy(x)
        rows = torch.cat([rows, rows * rows], 1)
        q = torch.softmax(torch.addmm(constants, rows, coefficients), 1)
        counts, sums = q.sum(0)[:, None], q.T @ rows
        first, second = sums[:, :d], sums[:, d:]
        scale = 1 / (len(x) * w.sqrt()[:, None])
        by_mean = (first - counts * m) / v.sqrt() * scale
        by_deviation = ((second - 2 * m * first + counts * m * m) / v - counts) * scale * 0.5**0.5
        vector = torch.cat([by_mean.reshape(-1), by_deviation.reshape(-1)])
        vector = vector.sign() * vector.abs().sqrt()
        return (vector / vector.norm()).numpy()

    return {"foldline": with_foldline, "PyTorch": with_torch, "VLFeat": with_vlfeat, "scikit-image": with_skimage}


def check_fisher(works: dict[str, Work], x: np.ndarray, n_gaussians: int) -> None:
    expected = works["foldline"](x)
    for name, work in works.items():
        found = work(x)
        if name == "scikit-image":  # gradients of weights in front, those of deviations with the other sign
            found = found[n_gaussians:] * np.repeat([1, -1], len(expected) // 2)
            found = found / np.linalg.norm(found)
        np.testing.assert_allclose(found, expected, atol=3e-4, err_msg=name)


def kmeans_peers(X: np.ndarray, words: np.ndarray) -> dict[str, Callable[[], tuple[np.ndarray, int]]]:
    """Each gives words and the number of passes over the rows that it made for them."""

    def with_foldline() -> tuple[np.ndarray, int]:
        return kmeans(X, words, n_rounds=KMEANS_ROUNDS), KMEANS_ROUNDS

    def with_faiss() -> tuple[np.ndarray, int]:
        model = faiss.Kmeans(X.shape[1], N_WORDS, niter=KMEANS_ROUNDS, max_points_per_centroid=N_ROWS)
        model.train(X, init_centroids=words)
        return model.centroids, KMEANS_ROUNDS

    def with_sklearn() -> tuple[np.ndarray, int]:
        model = KMeans(N_WORDS, algorithm="lloyd", n_init=1, max_iter=KMEANS_ROUNDS, tol=0, init=words).fit(X)
        return model.cluster_centers_, KMEANS_ROUNDS + 1

    return {"foldline": with_foldline, "scikit-learn": with_sklearn, "faiss": with_faiss}


def em_peers(X: np.ndarray, mixture: Mixture, n_rounds: int) -> dict[str, Callable[[], tuple[np.ndarray, int]]]:
    """Each gives means and the number of passes over the rows that it made for them."""
    smallest = SMALLEST_VARIANCE * float(X.var(axis=0).max())

    def with_foldline() -> tuple[np.ndarray, int]:
        now = mixture
        for _ in range(n_rounds):
            now = gaussian_sums(X, now).mixture(smallest)
        return now.means, n_rounds

    def with_sklearn() -> tuple[np.ndarray, int]:
        model = as_sklearn(mixture, max_iter=n_rounds, tol=0, reg_covar=smallest)
        return model.fit(X).means_, n_rounds + 1

    return {"foldline": with_foldline, "scikit-learn": with_sklearn}


def rates_of(works: dict[str, Callable[[], float]], n_rounds: int) -> dict[str, list[float]]:
    """Time everybody once a round; each work gives how many units it did."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n_rounds):
        for name, work in works.items():
            started = time.perf_counter()
            n_done = work()
            rates[name].append(n_done / (time.perf_counter() - started))
    return rates


def rows_of(task: str, unit: str, rates: dict[str, list[float]]) -> list[dict]:
    return [
        {
            "task": task,
            "peer": name,
            "rate": summary(rate),
            "unit": unit,
            "foldline_is_faster_by": ratio_summary(rates["foldline"], rate),
        }
        for name, rate in rates.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("caltech101")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few rounds are all that is asked for
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    generator = np.random.default_rng(0)
    images = fl.load_images(chosen.caltech101, size=(240, 320)).images
    images = images[generator.permutation(len(images))]
    described = DenseSIFT().transform(images[: N_TRAIN_IMAGES + N_IMAGES])
    train = generator.permutation(described[:N_TRAIN_IMAGES].reshape(-1, 128))[:N_ROWS]
    directions = PrincipalDirections.of(Moments.of(train), N_PRINCIPAL)
    X, tested = np.empty((N_ROWS, N_PRINCIPAL), np.float32), described[N_TRAIN_IMAGES:].reshape(-1, 128)
    T = np.empty((len(tested), N_PRINCIPAL), np.float32)
    directions.apply_(train, X)
    directions.apply_(tested, T)
    T = T.reshape(N_IMAGES, -1, N_PRINCIPAL)
    rows = []
    for n_gaussians in (64, 256):
        mixture = fit_mixture(X, n_gaussians, generator=generator)
        encoders = fisher_peers(mixture)
        check_fisher(encoders, T[0], n_gaussians)
        works = {name: lambda encode=encode: len([encode(x) for x in T[:8]]) for name, encode in encoders.items()}
        rows += rows_of(f"Fisher vectors, K = {n_gaussians}", "images/s", rates_of(works, chosen.rounds))
        after_one = [fit()[0] for fit in em_peers(X, mixture, 1).values()]
        np.testing.assert_allclose(*after_one, rtol=1e-3, atol=1e-4)
        fits = em_peers(X, mixture, EM_ROUNDS)
        works = {name: lambda fit=fit: fit()[1] for name, fit in fits.items()}
        rows += rows_of(f"EM, K = {n_gaussians}", "rounds/s", rates_of(works, chosen.rounds // 2 + 1))
    patches = fl.Patches().fit(images[:2000]).sample(images[:2000], N_ROWS, generator=generator)
    fits = kmeans_peers(patches, first_words(patches, N_WORDS, generator=generator))
    expected = mean_square_distance(patches, fits["foldline"]()[0])
    for name, fit in fits.items():
        np.testing.assert_allclose(mean_square_distance(patches, fit()[0]), expected, rtol=1e-3, err_msg=name)
    works = {name: lambda fit=fit: fit()[1] for name, fit in fits.items()}
    rows += rows_of("k-means, K = 1,600", "rounds/s", rates_of(works, chosen.rounds // 2 + 1))
    print_table(rows)
    packages = ("foldline", "numpy", "numba", "torch", "faiss-cpu", "scikit-learn", "scikit-image")
    write_result("fisher", {"rows": rows}, packages=packages)


if __name__ == "__main__":
    main()

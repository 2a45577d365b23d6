"""Fisher vectors: how a mixture would have to change to make the descriptors of an image likelier."""

import numpy as np
from jaxtyping import Float32

from foldline.core.compiled import kernel
from foldline.features._mixture import Mixture
from foldline.features._posteriors import PosteriorSums
from foldline.features._regions import Regions

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


class FisherEncoder:
    """Computes the Fisher vectors of regions of one image after another; for one thread.

    For the T descriptors x of a region, with posteriors q_k(x) of the Gaussians,

        weight_k = sum_x (q_k(x) - w_k) / (T sqrt(w_k))
        mean_k = sum_x q_k(x) (x - m_k) / s_k / (T sqrt(w_k))
        deviation_k = sum_x q_k(x) ((x - m_k)^2 / s_k^2 - 1) / (T sqrt(2 w_k))

    for weights w, means m and deviations s. All are sums over x of q_k(x), q_k(x) x and q_k(x) x^2, which are taken
    for every cell and joined to those of regions.

    Args:
        mixture: K Gaussians of D numbers.
        regions: where the descriptors belong.
        with_weights: whether the K gradients of weights are given too.
        improved: whether every number becomes its root, with its sign, and then every region's vector one of length 1.
    Convention: order (region, part, Gaussian, number), parts: weights, means, deviations.
    Convention: a deviation's gradient is positive where descriptors spread wider than the Gaussian, as in VLFeat;
        scikit-image has the other sign.
    Convention: posteriors below 1e-5 count as zero. With dense SIFT and 64 or 256 Gaussians that changes no number of
        an improved vector by more than 3e-4, and one in 3,000 by more than 1e-4.
    Convention: a region's vector of zeros stays one.
    Source: Sanchez, Perronnin, Mensink, Verbeek (2013), eq. 16 to 18, divided by T; Perronnin, Sanchez, Mensink
        (2010), sections 3.1 and 3.2, for "improved".
    """

    def __init__(self, mixture: Mixture, regions: Regions, *, with_weights: bool, improved: bool) -> None:
        self._regions = regions
        self._n_places = regions.n_places
        self._with_weights = with_weights
        self._improved = improved
        self._weights = mixture.weights.astype(np.float32)
        self._means = mixture.means.astype(np.float32)
        self._precisions = (1 / np.sqrt(mixture.variances)).astype(np.float32)
        self._posteriors = PosteriorSums(
            mixture.coefficients, n_gaussians=len(mixture.weights), n_cells=regions.n_cells
        )
        self._n_added = 0

    def add(self, X: Float32[np.ndarray, "n d"]) -> None:
        """Take the descriptors of the next places of the image."""
        self._posteriors.add(X, self._regions.cell_of[self._n_added : self._n_added + len(X)])
        self._n_added += len(X)

    def finish(self, out: Float32[np.ndarray, " f"]) -> None:
        """Write the vectors of all regions; what is added next belongs to another image."""
        sums = self._posteriors.sums
        joined = self._regions.joined(sums.reshape(len(sums), -1), np.add.reduce)
        parts = out.reshape(len(joined), -1)
        for of_region, n, part in zip(joined.reshape(-1, *sums.shape[1:]), self._n_places, parts, strict=True):
            _write_gradients(of_region, n, self._weights, self._means, self._precisions, self._with_weights, part)
            if self._improved:
                _improve_(part)
        sums[:] = 0
        self._n_added = 0


@kernel()
def _write_gradients(
    sums: Float32[np.ndarray, "k w"],
    n: np.float32,
    weights: Float32[np.ndarray, " k"],
    means: Float32[np.ndarray, "k d"],
    precisions: Float32[np.ndarray, "k d"],
    with_weights: bool,
    out: Float32[np.ndarray, " f"],
) -> None:
    n_gaussians, d = means.shape
    first = 0
    if with_weights:
        for k in range(n_gaussians):
            out[k] = (sums[k, 2 * d] / n - weights[k]) / np.sqrt(weights[k])
        first = n_gaussians
    by_mean = out[first : first + n_gaussians * d].reshape(n_gaussians, d)
    by_deviation = out[first + n_gaussians * d :].reshape(n_gaussians, d)
    for k in range(n_gaussians):
        count, scale = sums[k, 2 * d], ONE / (n * np.sqrt(weights[k]))
        half_scale = scale * np.float32(0.5**0.5)
        for j in range(d):
            mean, precision, total = means[k, j], precisions[k, j], sums[k, j]
            by_mean[k, j] = (total - count * mean) * precision * scale
            scatter = sums[k, d + j] - mean * (TWO * total - count * mean)
            by_deviation[k, j] = (scatter * precision * precision - count) * half_scale


@kernel()
def _improve_(vector: Float32[np.ndarray, " f"]) -> None:
    """Take the root of every number, with its sign; divide by the length."""
    square_sum = ZERO
    for i in range(vector.shape[0]):
        square_sum += abs(vector[i])  # the square of the root
    scale = ONE / np.sqrt(square_sum) if square_sum > ZERO else ZERO
    for i in range(vector.shape[0]):
        root = np.sqrt(abs(vector[i])) * scale
        vector[i] = root if vector[i] >= ZERO else -root

"""The one table of tolerances, by dtype; a wider one stands beside its reason in the test."""

import numpy as np

TOLERANCE = {
    np.dtype(np.float32): {"rtol": 1e-5, "atol": 1e-6},
    np.dtype(np.float64): {"rtol": 1e-10, "atol": 1e-12},
}

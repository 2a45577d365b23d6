"""A convolution layer in plain loops."""

import numpy as np


def loops(x, W, *, stride=1, border=0, groups=1):
    """The sum of the layer's formula, number by number."""
    n, height, width, n_channels = x.shape
    n_units, side = W.shape[:2]
    padded = np.zeros((n, height + 2 * border, width + 2 * border, n_channels))
    padded[:, border : border + height, border : border + width] = x
    down, across = ((length - side) // stride + 1 for length in padded.shape[1:3])
    y = np.zeros((n, down, across, n_units))
    for image, i, j, unit in np.ndindex(*y.shape):
        first = W.shape[3] * (unit * groups // n_units)
        for a, b, c in np.ndindex(*W.shape[1:]):
            y[image, i, j, unit] += W[unit, a, b, c] * padded[image, stride * i + a, stride * j + b, first + c]
    return y

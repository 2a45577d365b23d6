"""One convolution layer: the same small templates at every place of an image."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.models.winograd import SIDE, winograd

BLOCK = 2  # pixels a side, taken together where there are few channels
FEW_CHANNELS = 4


class Convolution(eqx.Module):
    """Weights and biases of one layer; y[i, j, u] = b_u + sum over a, b, c of W[u, a, b, c] x[s i + a, s j + b, c].

    Convention: W is stored (out, height, width, in), so that its rows are templates in the shape of images.
    Convention: this is a correlation, as in all nets: templates are not turned around.
    Convention: with G groups, unit u sees only channels of group u G // U, of C / G channels each.
    """

    W: Float[Array, "u k k c"]
    b: Float[Array, " u"]
    stride: int = eqx.field(static=True, default=1)
    border: int = eqx.field(static=True, default=0)
    groups: int = eqx.field(static=True, default=1)

    @classmethod
    def random(
        cls, *, n_in: int, n_out: int, side: int, stride: int = 1, border: int = 0, groups: int = 1, key: PRNGKeyArray
    ) -> "Convolution":
        """Make a layer with random weights of variance 2 / inputs of a unit (He), and zero biases.

        Args:
            n_in: channels of the images.
            n_out: units.
            side: of a template, in pixels.
            stride: pixels between two places.
            border: zeros around the image.
            groups: parts into which channels and units fall, each apart from the others.
            key: PRNG key.
        """
        shape = (n_out, side, side, n_in // groups)
        W = jax.random.normal(key, shape, jnp.float32) * jnp.sqrt(jnp.float32(2 / (side * side * shape[-1])))
        return cls(W, jnp.zeros(n_out, jnp.float32), stride, border, groups)

    def without_bias(self, x: Float[Array, "n h w c"]) -> Float[Array, "n i j u"]:
        """Give the sums over W alone.

        Args:
            x: (N, H, W, C) images.
        """
        if jax.default_backend() == "cpu" and x.dtype == jnp.bfloat16:
            # The same factors, summed in float32 on the ways below: the small AlexNet trained 546 images a second, and
            # fewer than 11 with the convolution that XLA has for bfloat16 on a CPU (jaxlib 0.10).
            in_float32: Convolution = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), self)
            return in_float32.without_bias(x.astype(jnp.float32)).astype(x.dtype)
        # Forward and gradients, one thread, batch 128, beside XLA's own convolution: winograd took 47 against 57 ms
        # (16x16x32 to 64) and 22 against 54 (8x8x96 to 96), in_blocks 32 against 65 (32x32x3 to 32, 5x5).
        if jax.default_backend() == "cpu" and self.stride == 1 and self.groups == 1:
            side, is_kept = self.W.shape[1], 2 * self.border == self.W.shape[1] - 1
            if side == SIDE and is_kept and x.shape[-1] > FEW_CHANNELS:
                return winograd(x, self.W)
            if is_kept and x.shape[-1] <= FEW_CHANNELS and not (x.shape[1] % BLOCK or x.shape[2] % BLOCK):
                return in_blocks(x, self.W)
        return plain(x, self.W, stride=self.stride, border=self.border, groups=self.groups)

    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n i j u"]:
        """Give the responses of all units at all places."""
        return self.without_bias(x) + self.b


def plain(
    x: Float[Array, "n h w c"], W: Float[Array, "u k k g"], *, stride: int = 1, border: int = 0, groups: int = 1
) -> Float[Array, "n i j u"]:
    """Correlate images with weights, as XLA does it."""
    return jax.lax.conv_general_dilated(
        x,
        W,
        (stride, stride),
        [(border, border)] * 2,
        dimension_numbers=("NHWC", "OHWI", "NHWC"),
        feature_group_count=groups,
    )


def in_blocks(x: Float[Array, "n h w c"], W: Float[Array, "u k k c"]) -> Float[Array, "n h w u"]:
    """Correlate images of few channels with weights of an odd side k, a border of zeros around them, as one product.

    Four neighbouring results of U units are 4 U results of a patch of (k + 1)^2 pixels: (k + 1)^2 / k^2 times the
    multiplications, but long rows of a matrix instead of short ones.

    Args:
        x: (N, H, W, C), H and W even.
        W: (U, k, k, C).
    Convention: the gradient of x is not computed by this route in training, as images are not learned.
    """
    n, height, width, n_channels = x.shape
    n_units, side = W.shape[:2]
    border = (side - 1) // 2
    border += border % BLOCK  # a whole number of blocks
    reach = -(-(side + BLOCK - 1 + border - (side - 1) // 2) // BLOCK)  # blocks a side that four results see
    padded = jnp.pad(x, ((0, 0), (border, border), (border, border), (0, 0)))
    blocks = padded.reshape(n, padded.shape[1] // BLOCK, BLOCK, -1, BLOCK, n_channels)
    blocks = blocks.transpose(0, 1, 3, 2, 4, 5).reshape(n, *blocks.shape[1:4:2], BLOCK * BLOCK * n_channels)
    down, across = height // BLOCK, width // BLOCK
    places = [(i, j) for i in range(reach) for j in range(reach)]
    patches = jnp.concatenate([blocks[:, i : i + down, j : j + across] for i, j in places], axis=-1)

    shift, length = border - (side - 1) // 2, reach * BLOCK
    spread = [
        jnp.pad(W, ((0, 0), *((shift + at, length - side - shift - at) for at in (i, j)), (0, 0)))
        for i in range(BLOCK)
        for j in range(BLOCK)
    ]
    wide = jnp.stack(spread).reshape(BLOCK**2, n_units, reach, BLOCK, reach, BLOCK, n_channels)
    wide = wide.transpose(2, 4, 3, 5, 6, 0, 1).reshape(-1, BLOCK**2 * n_units)
    product = patches.reshape(-1, patches.shape[-1]) @ wide
    y = product.reshape(n, down, across, BLOCK, BLOCK, n_units).transpose(0, 1, 3, 2, 4, 5)
    return y.reshape(n, height, width, n_units)

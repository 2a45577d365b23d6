"""AlexNet, in the size of the paper and in one for small images."""

from itertools import count
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.core.errors import SettingError
from foldline.models.convolution import Convolution
from foldline.models.linear import Linear
from foldline.models.net import some_at_a_time
from foldline.models.pooling import WINDOW, max_pool, pooled_side, response_normalised


class Stage(NamedTuple):
    """One convolution and what follows it: ReLU, perhaps normalisation, perhaps pooling.

    Args:
        width: units.
        side: of a template, in pixels.
        stride: pixels between two places.
        border: zeros around the image.
        groups: parts, apart from each other.
        is_normalised: whether responses are divided by those of neighbouring channels.
        is_pooled: whether overlapping pooling follows.
    """

    width: int
    side: int
    stride: int = 1
    border: int = 0
    groups: int = 1
    is_normalised: bool = False
    is_pooled: bool = False


class Plan(NamedTuple):
    """What an AlexNet consists of: convolutions, then fully-connected hidden layers of some widths."""

    stages: tuple[Stage, ...]
    hidden: tuple[int, ...]

    def map_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Give height, width and channels of what the last stage makes of images (H, W, C).

        Raises: SettingError if the images are too small for that.
        """
        height, width = (self._side_after(side) for side in image_shape[:2])
        if not (height and width):
            smallest = next(side for side in count(1) if self._side_after(side))
            raise SettingError(
                f"image_shape is {image_shape}; expected at least {smallest}x{smallest} pixels, or nothing is left of "
                f"them after {len(self.stages)} convolutions. Load larger images, for example with size={smallest}."
            )
        return height, width, self.stages[-1].width

    def _side_after(self, side: int) -> int:
        """Give the side of the last map; 0 if images are too small."""
        for stage in self.stages:
            side = (side + 2 * stage.border - stage.side) // stage.stride + 1
            if side < (WINDOW if stage.is_pooled else 1):
                return 0
            side = pooled_side(side) if stage.is_pooled else side
        return side


# Krizhevsky et al. (2012), section 3.5 and figure 2; 227 pixels, as 224 do not fit the 55 places that it tells of.
PAPER = Plan(
    stages=(
        Stage(96, 11, stride=4, is_normalised=True, is_pooled=True),
        Stage(256, 5, border=2, groups=2, is_normalised=True, is_pooled=True),
        Stage(384, 3, border=1),
        Stage(384, 3, border=1, groups=2),
        Stage(256, 3, border=1, groups=2, is_pooled=True),
    ),
    hidden=(4096, 4096),
)
# About a quarter of the paper's widths. Five pixels a side see as much of a 32-pixel photograph as eleven, four apart,
# of one of 227 that shows an eighth of it; later templates of three cost a third of those of five.
SMALL = Plan(
    stages=(
        Stage(32, 5, border=2, is_pooled=True),
        Stage(64, 3, border=1, is_pooled=True),
        Stage(96, 3, border=1),
        Stage(96, 3, border=1),
        Stage(64, 3, border=1, is_pooled=True),
    ),
    hidden=(256, 256),
)
PLANS = {"small": SMALL, "paper": PAPER}


class AlexNet(eqx.Module):
    """Five convolutions with ReLU and overlapping pooling, then three fully-connected layers.

    Source: Krizhevsky, Sutskever, Hinton (2012), "ImageNet classification with deep convolutional neural networks".
        First weights are He's and first biases 0, where the paper has deviations of 0.01 and some biases of 1; hidden
        units that stay are doubled in training, where the paper halves all of them afterwards.
    """

    convolutions: tuple[Convolution, ...]
    connected: tuple[Linear, ...]
    image_shape: tuple[int, int, int] = eqx.field(static=True)
    plan: Plan = eqx.field(static=True)

    @classmethod
    def random(
        cls, *, image_shape: tuple[int, int, int], n_out: int, plan: Plan = SMALL, key: PRNGKeyArray
    ) -> "AlexNet":
        """Make a net with random weights.

        Args:
            image_shape: (H, W, C) of the images.
            n_out: number K of classes.
            plan: SMALL or PAPER, or one of your own.
            key: PRNG key.
        Raises: SettingError if the images are too small.
        """
        height, width, n_channels = plan.map_shape(image_shape)
        keys = jax.random.split(key, len(plan.stages) + len(plan.hidden) + 1)
        convolutions, n_in = [], image_shape[-1]
        for stage, stage_key in zip(plan.stages, keys, strict=False):
            made = Convolution.random(
                n_in=n_in,
                n_out=stage.width,
                side=stage.side,
                stride=stage.stride,
                border=stage.border,
                groups=stage.groups,
                key=stage_key,
            )
            convolutions.append(made)
            n_in = stage.width
        widths = [height * width * n_channels, *plan.hidden, n_out]
        follows = ["relu"] * len(plan.hidden) + ["identity"]
        connected = [
            Linear.random(n_in=a, n_out=b, activation=after, key=layer_key)
            for a, b, after, layer_key in zip(widths[:-1], widths[1:], follows, keys[len(plan.stages) :], strict=True)
        ]
        return cls(tuple(convolutions), tuple(connected), image_shape, plan)

    @property
    def learned(self) -> tuple[Convolution | Linear, ...]:
        """All layers."""
        return (*self.convolutions, *self.connected)

    def maps(self, images: Float[Array, "n h w c"]) -> list[Float[Array, "n _ _ _"]]:
        """Give what each convolution makes of images, with what follows it.

        Convention: without normalisation, bias and ReLU come after pooling, where there are a quarter of the numbers;
            that changes nothing, as both leave the largest number the largest.
        """
        x, found = images, []
        for stage, layer in zip(self.plan.stages, self.convolutions, strict=True):
            if stage.is_normalised:
                x = response_normalised(jax.nn.relu(layer(x)))
                x = max_pool(x) if stage.is_pooled else x
            else:
                x = layer.without_bias(x)
                x = jax.nn.relu((max_pool(x) if stage.is_pooled else x) + layer.b)
            found.append(x)
        return found

    def hidden(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> list[Float[Array, "n _"]]:
        """Give what each hidden layer hands to the next, first to last: maps, row by row, then units.

        Args:
            X: (N, H*W*C) pixels of images, row by row, channels last.
            dropout: share of the units of fully-connected hidden layers switched off, in [0, 1).
            key: PRNG key for dropout; None switches no unit off.
        """
        found = [maps.reshape(len(X), -1) for maps in self.maps(X.reshape(len(X), *self.image_shape))]
        for depth, layer in enumerate(self.connected[:-1]):
            h = jax.nn.relu(layer(found[-1]))
            if key is not None:
                keep = jax.random.bernoulli(jax.random.fold_in(key, depth), 1.0 - dropout, h.shape)
                h = jnp.where(keep, h / (1.0 - dropout), 0.0).astype(h.dtype)
            found.append(h)
        return found

    def __call__(
        self,
        X: Float[Array, "n d"],
        *,
        dropout: float | Float[Array, ""] = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "n k"]:
        """Give class scores, a row per input row; with a key, units are switched off (see `hidden`)."""
        return self._scores(X, dropout=dropout, key=key) if key is not None else some_at_a_time(self._scores, X)

    def _scores(self, X: Array, *, dropout: float | Array = 0.0, key: PRNGKeyArray | None = None) -> Array:
        return self.connected[-1](self.hidden(X, dropout=dropout, key=key)[-1])

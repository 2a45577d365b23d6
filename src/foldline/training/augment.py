"""Training images as they might have been: moved, zoomed, mirrored, partly hidden; another way in each step."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from foldline.core.checks import boolean, integer, is_list, number
from foldline.core.errors import SettingError


class Augment(NamedTuple):
    """How rows that are images change from one step to the next; compiled into the step.

    Every image is seen through a window of its own: its side is 1 - zoom to 1 of the image's, its middle is moved by up
    to shift_px, and it is read from right to left half of the time. Then a square is covered.

    Args:
        image_shape: (H, W, C) of the images whose numbers a row holds, row by row, channels last.
        flip: whether half of the images are mirrored left to right.
        shift_px: largest shift in pixels, up, down, left and right.
        zoom: largest share of the sides that a crop cuts off before the rest is stretched to the full size, in [0, 1).
        cutout_px: side of the square that is covered; its middle is anywhere in the image, so that it may stick out.
    Convention: shifts are whole pixels unless the images are zoomed too, which interpolates linearly; what comes in
        from outside and what is covered is 0, the mean of scaled features.
    Source: Krizhevsky, Sutskever, Hinton (2012), section 4.1, for shifts and mirror images; DeVries and Taylor (2017),
        section 3.1, for the square.
    """

    image_shape: tuple[int, int, int]
    flip: bool = False
    shift_px: int = 0
    zoom: float = 0.0
    cutout_px: int = 0

    def checked(self, *, n_in: int) -> "Augment":
        """Check the settings for rows of D numbers. Raises: SettingError for one outside its range."""
        if not is_list(self.image_shape) or len(self.image_shape) != 3:
            raise SettingError(
                f"image_shape is {self.image_shape!r}; expected height, width and channels. Give for example "
                "(32, 32, 3)."
            )
        for length, name in zip(self.image_shape, ("height", "width", "channels"), strict=True):
            integer(length, name=f"the {name} in image_shape", low=1)
        boolean(self.flip, name="flip")
        integer(self.shift_px, name="shift_px", low=0, high=min(self.image_shape[:2]) - 1)
        number(self.zoom, name="zoom", low=0.0, high=1.0, below=True)
        integer(self.cutout_px, name="cutout_px", low=0)
        height, width, n_channels = self.image_shape
        if height * width * n_channels != n_in:
            raise SettingError(
                f"augment has image_shape {self.image_shape}, which is {height * width * n_channels:,} numbers, and "
                f"rows hold {n_in:,}; expected as many. Give the shape of the images whose pixels the rows are, or "
                "leave augment out."
            )
        return self

    def __call__(self, X: Float[Array, "n d"], key: PRNGKeyArray) -> Float[Array, "n d"]:
        """Give other images for these, of the same shape."""
        height, width, n_channels = self.image_shape
        images = X.reshape(-1, height, width, n_channels)
        shift_key, zoom_key, flip_key, cut_key = jax.random.split(key, 4)
        if self.shift_px or self.zoom or self.flip:
            moves = jax.random.randint(shift_key, (2, len(X)), -self.shift_px, self.shift_px + 1)
            sides = 1.0 - self.zoom * jax.random.uniform(zoom_key, (len(X),))
            mirrored = jax.random.bernoulli(flip_key, 0.5, (len(X),)) & self.flip
            down = _window(height, moves[0], sides, jnp.zeros_like(mirrored))
            across = _window(width, moves[1], sides, mirrored)
            images = jnp.einsum("nij,njwc->niwc", down, images)
            images = jnp.einsum("nwv,nivc->niwc", across, images)
        if self.cutout_px:
            middles = jax.random.uniform(cut_key, (2, len(X), 1))
            rows, cols = (
                jnp.abs(jnp.arange(n) + 0.5 - middle * n) < self.cutout_px / 2
                for n, middle in zip((height, width), middles, strict=True)
            )
            images = jnp.where((rows[:, :, None] & cols[:, None, :])[..., None], 0.0, images)
        return images.reshape(X.shape)

    def views(self, X: Float[Array, "n d"]) -> list[Float[Array, "n d"]]:
        """Give the images as seen from fixed places: in the middle and half of shift_px off it, mirrored and not.

        Returns: as many arrays as there are places, 1 or 9, times 2 if `flip`.
        """
        height, width, _ = self.image_shape
        images = X.reshape(-1, *self.image_shape)
        step = -(-self.shift_px // 2)
        moves = (-step, 0, step) if step else (0,)
        padded = jnp.pad(images, ((0, 0), (step, step), (step, step), (0, 0)))
        moved = [
            padded[:, step + down : step + down + height, step + across : step + across + width]
            for down in moves
            for across in moves
        ]
        mirrored = [view[:, :, ::-1] for view in moved] if self.flip else []
        return [view.reshape(X.shape) for view in (*moved, *mirrored)]


def _window(n: int, move: Array, side: Float[Array, " n"], mirrored: Array) -> Float[Array, "n i j"]:
    """Give for each image the matrix that reads n pixels along one axis through its window."""
    middle = (n - 1) / 2
    at = middle + (jnp.arange(n) - middle) * side[:, None] + move[:, None]
    at = jnp.where(mirrored[:, None], at[:, ::-1], at)
    return jnp.maximum(0.0, 1.0 - jnp.abs(at[:, :, None] - jnp.arange(n)))  # weights of linear interpolation

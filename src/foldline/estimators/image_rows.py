"""Rows that are the raw pixels of images: what shape these have."""

from math import isqrt

from foldline.core.checks import boolean, integer, is_list
from foldline.core.errors import ModelFileError, SettingError
from foldline.core.loaded import FIX
from foldline.training import Augment


def image_shape_of_rows(image_shape: object, *, n_in: int) -> tuple[int, int, int]:
    """Give the shape (H, W, C) of the images that rows of D numbers are.

    Args:
        image_shape: what was asked for; None for square images, of three channels or one.
        n_in: D.
    Raises: SettingError if the rows are no such images.
    Example:
        >>> image_shape_of_rows(None, n_in=3072)
        (32, 32, 3)
    """
    if image_shape is not None:
        height, width, n_channels = checked_image_shape(image_shape)
        if height * width * n_channels != n_in:
            raise SettingError(
                f"image_shape is {image_shape!r}, which is {height * width * n_channels:,} numbers, and rows "
                f"hold {n_in:,}; expected as many. Give the shape of the images whose raw pixels the rows are."
            )
        return height, width, n_channels
    for n_channels in (3, 1):
        side = isqrt(n_in // n_channels)
        if side * side * n_channels == n_in:
            return side, side, n_channels
    raise SettingError(
        f"image_shape is None and rows hold {n_in:,} numbers; expected the raw pixels of square images, of three "
        f"channels or one. Give image_shape as (height, width, channels)."
    )


def checked_image_shape(shape: object) -> tuple[int, int, int]:
    """Give (H, W, C) as whole numbers. Raises: SettingError for what is no shape of images."""
    if not is_list(shape) or len(shape) != 3:  # type: ignore[arg-type]  # a list has a length
        raise SettingError(
            f"image_shape is {shape!r}; expected height, width and channels. Give for example (32, 32, 3)."
        )
    height, width, n_channels = (
        integer(length, name=f"the {name} in image_shape", low=1)
        for length, name in zip(shape, ("height", "width", "channels"), strict=True)  # type: ignore[call-overload]
    )
    return height, width, n_channels


def check_augment(
    augment: object, *, average_views: object = False, image_shape: tuple[int, int, int] | None = None
) -> None:
    """Check two settings. Raises: SettingError for what is no `Augment`, one of other images, or views of none.

    Args:
        augment, average_views: the settings.
        image_shape: (H, W, C) of the images; None where it is not known.
    """
    if not isinstance(augment, Augment | None):
        raise SettingError(f"augment is {augment!r}; expected None or an Augment. Give one with image_shape.")
    if augment is not None and image_shape is not None and tuple(augment.image_shape) != image_shape:
        raise SettingError(
            f"augment has image_shape {augment.image_shape} and the images have {image_shape}; expected the same, "
            "height first. Give it to the Augment."
        )
    if boolean(average_views, name="average_views") and augment is None:
        raise SettingError(
            "average_views is True and augment is None; expected an Augment, whose views they are. Give one, or "
            "leave average_views out."
        )


def check_loaded_views(augment: object, average_views: object, *, n_in: int) -> None:
    """Check what predictions hang on besides the net. Raises: ModelFileError or SettingError for what does not fit."""
    if not boolean(average_views, name="average_views"):
        return
    if not isinstance(augment, Augment):
        raise ModelFileError(f"average_views is True and augment is {augment!r}; expected an Augment. {FIX}")
    augment.checked(n_in=n_in)

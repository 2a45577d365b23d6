"""Features with settings that suit tiny images and cost next to nothing to learn."""

from foldline.features import Patches

QUICK = {
    "n_words": 5,
    "n_gaussians": 3,
    "n_principal": 6,
    "n_sampled": 300,
    "descriptor": Patches(patch_px=3, n_sampled=300),
}


def small_feature(kind, image_shape):
    """Make a feature of images for tests: as the recipes would, but with few words from few patches."""
    feature = kind.for_images(image_shape)
    return feature.set_params(
        **{name: value for name, value in QUICK.items() if name in feature.get_params(deep=False)}
    )

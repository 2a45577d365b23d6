"""Features with settings that suit tiny images and cost next to nothing to learn."""

from foldline.features import Patches

# scikit-learn's own checks run on tables; these of them need no data, so that they hold for features of images too.
CHECKS_WITHOUT_DATA = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_set_params",
    "check_valid_tag_types",
)

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

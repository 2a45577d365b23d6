"""Files to labelled images of one size: readers, decoding, splits, and what was found wrong on the way."""

from foldline.images.duplicates import duplicates_across, duplicates_within
from foldline.images.files import load_files
from foldline.images.image_set import ImageSet
from foldline.images.loading import load_images
from foldline.images.problems import Problem, summarise

__all__ = ["ImageSet", "Problem", "duplicates_across", "duplicates_within", "load_files", "load_images", "summarise"]

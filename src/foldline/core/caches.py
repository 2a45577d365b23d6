"""Where caches live: the user's cache folder, never the package's own."""

import os
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """Give the folder for one kind of cache, below $FOLDLINE_CACHE or the system's place for user caches."""
    chosen = os.environ.get("FOLDLINE_CACHE")
    if chosen:
        return Path(chosen) / kind
    from platformdirs import user_cache_path

    return user_cache_path("foldline") / kind

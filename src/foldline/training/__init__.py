"""Fitting models: losses, penalties, optimisers, the loop that is one compiled program an epoch, and solvers.

The public names are listed in `__init__.pyi`; each loads its module when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

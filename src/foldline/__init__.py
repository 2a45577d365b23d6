"""Image classification you can understand, from hand-made features to neural networks.

The public names are listed in `__init__.pyi`; each loads its room when it is first used, so that
`import foldline` is quick.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]

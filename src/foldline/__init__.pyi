from .core.errors import DataError as DataError
from .images import load_images as load_images

__version__: str

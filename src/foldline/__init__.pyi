from .core.errors import DataError as DataError

__version__: str

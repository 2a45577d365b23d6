"""The errors foldline raises for what a user gave it.

Every message has three parts: what was wrong with its value, what was expected, what to do next. Each class is
also the builtin a caller would guess and takes one string, so that it survives pickling out of a worker.
"""


class FoldlineError(Exception):
    """Base of every error that foldline raises on purpose."""


class ShapeError(FoldlineError, ValueError):
    """An array has the wrong number of axes or a wrong length along one."""


class DtypeError(FoldlineError, TypeError):
    """An array has an element type that cannot be meant."""


class SettingError(FoldlineError, ValueError):
    """A setting is outside its allowed range or choices."""


class DataError(FoldlineError, ValueError):
    """The user's images or labels cannot be used as they are."""


class MissingDataError(DataError, FileNotFoundError):
    """A named file or folder is not there."""


class ModelFileError(FoldlineError, ValueError):
    """A model file is damaged, from a newer version, or of another kind."""


class DivergedError(FoldlineError, FloatingPointError):
    """A training loss became NaN or infinite."""


class MissingExtraError(FoldlineError, ImportError):
    """An optional package is needed and not installed."""


class SaveError(FoldlineError, OSError):
    """A file could not be written; what stood there before is untouched."""

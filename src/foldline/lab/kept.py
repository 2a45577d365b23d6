"""A list of moments that stays short however long a run is."""

from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Kept(Generic[Entry]):
    """Keeps entries evenly: when it is full every other one goes, and from then on it takes half as many.

    Args:
        most: how many are kept, even.
    Example:
        >>> kept = Kept(4)
        >>> for i in range(9):
        ...     kept.add(i)
        >>> kept.entries
        [0, 4, 8]
    """

    def __init__(self, most: int) -> None:
        self.entries: list[Entry] = []
        self._most = most
        self._stride = 1
        self._n_seen = 0

    def add(self, entry: Entry) -> None:
        """Keep an entry, or pass it over."""
        if self._n_seen % self._stride == 0:
            self.entries.append(entry)
            if len(self.entries) == self._most:
                self.thin()
        self._n_seen += 1

    def thin(self) -> None:
        """Let every other entry go, and take half as many from now on."""
        del self.entries[1::2]
        self._stride *= 2

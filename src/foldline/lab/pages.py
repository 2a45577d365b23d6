"""What a page of the lab is to the engine, and which ones there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foldline.core.errors import SettingError
from foldline.lab.first_net import FirstNet
from foldline.lab.images_shelf import ImageShelf, Task
from foldline.lab.images_source import ImageSource
from foldline.lab.points import PointTable
from foldline.lab.state import LabState

BY_THEMSELVES = ("warp", "runs")  # pages that the browser draws without the engine
OF_POINTS = frozenset({"playground", "landscape", "wiring"})  # pages with a net that learns points of the plane
ONE_NET = frozenset({"playground", "landscape"})  # that show the same net: it goes on training from one to the other


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the lab has beside the state: from the command line, or from a page.

    Args:
        points: of data="csv".
        net: that training begins with.
        images: loaded where they are asked for, and then there for every page of every session.
    """

    points: PointTable | None = None
    net: FirstNet | None = None
    images: ImageShelf = field(default_factory=ImageShelf)

    def table(self, state: LabState) -> PointTable | None:
        """Give the table that a state's points are in; None for points that are made or clicked.

        Raises: SettingError if there is none; what reading the images raised.
        Convention: images that are not read yet are waited for.
        """
        if state.data == "images":
            return self.images.points(state.images, state.images_features).future.result()
        if state.data != "csv":
            return None
        if self.points is None:
            raise SettingError("no CSV file was given, and data is 'csv'; expected one. Upload one, or choose others.")
        return self.points

    def reading(self, state: LabState) -> Task[PointTable] | None:
        """Begin to read the images that a state's page asks for, if it does, or give what was begun."""
        if state.data != "images" or state.page not in OF_POINTS:
            return None
        try:
            return self.images.points(state.images, state.images_features)
        except SettingError:  # `table` raises it once more
            return None

    def to_json(self) -> dict[str, object]:
        """Give everything as JSON, of images where they come from."""
        return {
            "points": None if self.points is None else self.points.to_json(),
            "net": None if self.net is None else self.net.to_json(),
            "images": None if self.images.given is None else self.images.given.to_json(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Given":
        """Take what `to_json` gave."""
        return cls(
            points=None if found["points"] is None else PointTable.from_json(found["points"]),
            net=None if found["net"] is None else FirstNet.from_json(found["net"]),
            images=ImageShelf(None if found["images"] is None else ImageSource.from_json(found["images"])),
        )


NOTHING = Given()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The numbers of one picture (docs/lab-protocol.md lists them).

    Args:
        meta: what is no array.
        arrays: by name.
        kept: further arrays, which the browser keeps: one that is the very array of the page's last picture is not sent
            again.
    """

    meta: dict[str, object]
    arrays: dict[str, np.ndarray]
    kept: dict[str, np.ndarray] = field(default_factory=dict)


class LabPage:
    """What one person does on one page, without any web in it; a page overrides what it can do.

    Every method raises a FoldlineError with words for the person if it cannot be done; nothing has changed then.
    """

    is_working = False  # whether there is more to compute for the picture, command or not
    works_elsewhere = False  # whether that is done in threads, and `work` only asks how far they are

    def change(self, state: LabState, given: Given) -> None:
        """Take other settings."""
        raise NotImplementedError

    def work(self, until_s: float) -> None:
        """Go on with what takes long, at least a little, until about then on the clock of `time.monotonic`."""

    def picture(self, *, is_playing: bool) -> Picture:
        """Give the numbers of a picture of what there is now."""
        raise NotImplementedError

    def close(self) -> None:
        """End what goes on elsewhere: the person has left."""

    def train(self, n_steps: int) -> int:
        """Take some training steps, fewer if they would last longer than a picture may; say how many.

        0 says that there is nothing to train yet; it plays once there is.
        """
        raise SettingError("this page trains nothing; expected one with a net in training. Open the playground.")

    def reset(self) -> None:
        """Begin training anew."""
        raise SettingError("this page trains nothing; expected one with a net in training. Open the playground.")

    def seek(self, step: int) -> None:
        """Show the newest kept moment at or before a step."""
        raise SettingError("this page keeps no moments; expected one that can be replayed. Open the playground.")

    def look(self, x: float, y: float) -> dict[str, object]:
        """Say what there is at a place."""
        raise SettingError("this page has nothing to point at; expected one with a plane. Open the playground.")

    def save(self) -> Picture:
        """Give a model as a file: its `bytes`, and in meta its `name` and what it `says` on how to use it."""
        raise SettingError("this page has no net to save; expected one with a net in training. Open the playground.")


def make_page(state: LabState, given: Given, pages: dict[str, LabPage]) -> LabPage:
    """Begin a page, the one that the state names.

    Args:
        pages: those that the person has opened before, by name; a playground is added if the page shows its net.
    Raises: a FoldlineError if the state cannot be shown.
    """
    # Imported here: a page that nobody opens costs no time at the start.
    from foldline.lab.playground import Playground

    match state.page:
        case "bumps":
            from foldline.lab.bumps import Bumps

            return Bumps(state, given)
        case "landscape":
            from foldline.lab.landscape import LandscapePage

            playground = pages.get("playground")
            if isinstance(playground, Playground):
                playground.change(state, given)
            else:
                playground = pages["playground"] = Playground(state, given)
            return LandscapePage(playground, state)
        case "images":
            from foldline.lab.images import Images

            return Images(state, given)
        case "wiring":
            from foldline.lab.wiring import WiringPage

            return WiringPage(state, given)
    return Playground(state, given)

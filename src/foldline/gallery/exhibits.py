"""The exhibits in the order of the lecture; a new one is a line here."""

from foldline.gallery.exhibit import Exhibit
from foldline.gallery.features import FEATURES
from foldline.gallery.folding import FOLDING
from foldline.gallery.functions import FUNCTIONS
from foldline.gallery.landscapes import LANDSCAPES
from foldline.gallery.nets import BOARD, NETS, OBJECTIVE
from foldline.gallery.units import UNITS
from foldline.gallery.wiring import WIRING

CHAPTERS: dict[str, tuple[Exhibit, ...]] = {
    "How far": (BOARD,),
    "Features made by hand": FEATURES,
    "Linear classifiers and nets": NETS,
    "Units and neurons": (*UNITS, *WIRING),
    "Space, folded": FOLDING,
    "Any function": FUNCTIONS,
    "Loss landscapes": LANDSCAPES,
    "The objective": (OBJECTIVE,),
}
EXHIBITS: dict[str, Exhibit] = {exhibit.name: exhibit for chapter in CHAPTERS.values() for exhibit in chapter}

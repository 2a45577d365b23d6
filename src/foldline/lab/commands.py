"""What a page may ask for: JSON texts, checked at the door."""

import json

from foldline.core.checks import integer, number
from foldline.core.errors import SettingError
from foldline.core.text import printable, reason
from foldline.lab.state import FARTHEST, state_from_json, state_to_json

MOST_BYTES = 64 * 1024  # of one text
LONGEST_ERROR = 500  # characters: an error shows what was sent
WORDS = ("set", "play", "pause", "step", "reset", "seek", "look", "pairs", "save", "ack")

Command = dict[str, object]


def read_command(text: str) -> Command:
    """Read what a page asks for.

    Args:
        text: a JSON object with "do", one of WORDS, and what belongs to it: state of set, step of seek, x and y of
            look, frame of ack.
    Returns: the same, of set with every field of the state.
    Raises: SettingError for anything else.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise SettingError(
            f"the message has {len(text):,} characters; expected at most {MOST_BYTES:,} bytes. Send less at once."
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"the message is no JSON ({reason(error)}); expected an object. Send one.") from error
    if not isinstance(found, dict) or found.get("do") not in WORDS:
        shown = printable(repr(found.get("do") if isinstance(found, dict) else found)[:40])
        raise SettingError(f'the message asks for {shown}; expected "do" with one of {", ".join(WORDS)}. Send one.')
    do = found["do"]
    match do:
        case "set":
            values: Command = {"state": state_to_json(state_from_json(found.get("state")))}
        case "seek":
            values = {"step": integer(found.get("step"), name="step", low=0)}
        case "look":
            values = {name: number(found.get(name), name=name, low=-FARTHEST, high=FARTHEST) for name in ("x", "y")}
        case "ack":
            values = {"frame": integer(found.get("frame"), name="frame", low=0)}
        case _:
            values = {}
    return {"do": do, **values}


def error_text(error: BaseException, **more: object) -> str:
    """Write an error for the page."""
    words = printable(str(error))
    return json.dumps({"error": words if len(words) <= LONGEST_ERROR else f"{words[:LONGEST_ERROR]}...", **more})

"""A page of the lab as one file that needs no server and no network: style, modules, images and data inside."""

import base64
import json
import re
from pathlib import Path

MODULE = re.compile(r'\b(from|import) "\./([a-z0-9_]+\.js)"')  # not in comments: types are named by import(...)
STYLE = re.compile(r'<link rel="stylesheet" href="\./([a-z0-9_]+\.css)">')
SCRIPT = re.compile(r'<script type="module" src="\./([a-z0-9_]+\.js)"></script>')
IMAGE = re.compile(r'(href|src)="\./([a-z0-9_]+\.svg)"')
POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:"


def one_file(page: Path, *, mark: str, data: object) -> str:
    """Put a page and all that it loads into one text.

    Args:
        page: an HTML file; what it loads lies beside it.
        mark: a comment at the very beginning, by which the file is known.
        data: any JSON, for the page's modules in the element #data.
    Convention: modules are given by data addresses in an import map, under names without "./", which would have no
        meaning there.
    """
    folder = page.parent

    def style(found: re.Match[str]) -> str:
        return f"<style>\n{_read(folder / found[1])}</style>"

    def image(found: re.Match[str]) -> str:
        return f'{found[1]}="{_address(_read(folder / found[2]), "image/svg+xml")}"'

    def script(found: re.Match[str]) -> str:
        modules = {name: _address(text, "text/javascript") for name, text in modules_of(folder, found[1]).items()}
        return (
            f'<script type="application/json" id="data">{_json(data)}</script>\n'
            f'<script type="importmap">{_json({"imports": modules})}</script>\n'
            f'<script type="module">import "{found[1]}";</script>'
        )

    text = SCRIPT.sub(script, IMAGE.sub(image, STYLE.sub(style, _read(page))))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return text.replace("<!doctype html>", f"<!doctype html>\n<!-- {mark} -->", 1).replace(
        "<head>", f"<head>\n{policy}", 1
    )


def modules_of(folder: Path, name: str) -> dict[str, str]:
    """Give a module and all that it needs, by name, each with the others' names in the place of their addresses."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            text = _read(folder / name)
            waiting += [match[2] for match in MODULE.finditer(text)]
            found[name] = MODULE.sub(r'\1 "\2"', text)
    return found


def _address(text: str, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")  # ends no script


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")

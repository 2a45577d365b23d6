"""What the lab's server answers about runs: their list, and their files."""

from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from foldline.core.errors import DataError, MissingDataError
from foldline.lab.runs import Runs

TYPES = {".json": "application/json", ".png": "image/png", ".html": "text/html"}
# A report is somebody's file and holds no script: whatever it holds runs none, asks for nothing, and is of no origin.
REPORT_HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "unsafe-none",  # HTML lets no page be shown that has both a sandbox and another one
}


def run_routes(folder: Path) -> list[Route]:
    """Give the addresses of the runs below a folder."""
    runs = Runs(folder)

    # Not async: Starlette calls them in threads, where a slow disk holds nobody else.
    def listing(request: Request) -> Response:
        return JSONResponse(runs.listing())

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            data = runs.file(name)
        except DataError as error:
            return PlainTextResponse(str(error), status_code=404 if isinstance(error, MissingDataError) else 422)
        kind = PurePosixPath(name).suffix
        return Response(data, media_type=TYPES[kind], headers=REPORT_HEADERS if kind == ".html" else None)

    return [Route("/runs.json", listing), Route("/runs/{name:path}", file)]

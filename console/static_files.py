"""The style sheets and scripts: read and compressed once, known by what they hold, so that browsers may keep them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_SCREENS = Path(__file__).parents[1] / "docs" / "screens"
_SERVED = {".css", ".js", ".svg", ".png", ".ico"}


class StaticFile(NamedTuple):
    """A file that browsers load."""

    kind: str
    plain: bytes
    packed: bytes


@cache
def files() -> dict[str, StaticFile]:
    """Every file, by its name below `console/static`; the pictures of the guides are in its folder `screens`."""
    found = {}
    for path in sorted((*_FOLDER.rglob("*"), *_SCREENS.glob("*.png"))):
        if path.suffix in _SERVED:
            plain = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            kind = "text/javascript" if path.suffix == ".js" else kind
            name = f"screens/{path.name}" if path.parent == _SCREENS else path.relative_to(_FOLDER).as_posix()
            found[name] = StaticFile(kind, plain, gzip.compress(plain, mtime=0))
    return found


@cache
def tag() -> str:
    """The first letters of the hash of all files: it stands in each address, also where one script imports another."""
    whole = hashlib.sha256()
    for name, found in files().items():
        whole.update(name.encode() + found.plain)
    return whole.hexdigest()[:12]


def address_of(name: str) -> str:
    """The address of a file, which changes with what the files hold. Raises KeyError where there is none."""
    files()[name]
    return f"/static/{tag()}/{name}"


async def serve_static(request: Request) -> Response:
    """Answer with a file. It holds nothing about anybody, and so is the one thing that a browser may keep."""
    found = files().get(request.path_params["name"])
    if found is None or request.path_params["tag"] != tag():
        return Response("There is no such file.", 404, media_type="text/plain")
    kept = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = kept | {"Content-Encoding": "gzip"}
        return Response(found.packed, headers=packed, media_type=found.kind)
    return Response(found.plain, headers=kept, media_type=found.kind)

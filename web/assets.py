"""What a page is dressed in: our own static files, and Bootstrap's style sheet out of its package.

Every address changes with the content behind it, so that browsers may keep the files for long.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Flask, Response, request, url_for

blueprint = Blueprint("assets", __name__)

#: the name that `asset` knows it by
BOOTSTRAP = "bootstrap.css"
_IN_THE_PACKAGE = "static/bootstrap5/css/bootstrap.min.css"


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = _addresses(Path(str(app.static_folder)))


def _addresses(static_folder: Path) -> Callable[[str], str]:
    @cache
    def fingerprint(name: str) -> str:
        content = layered_bootstrap() if name == BOOTSTRAP else (static_folder / name).read_bytes()
        return hashlib.sha256(content).hexdigest()[:10]

    def asset(name: str) -> str:
        """The address of a static file, which changes with its content: it may be kept for long."""
        if name == BOOTSTRAP:
            return url_for("assets.bootstrap", v=fingerprint(name))
        return url_for("static", filename=name, v=fingerprint(name))

    return asset


@cache
def layered_bootstrap() -> bytes:
    """Bootstrap in a cascade layer: whatever our own sheets say wins, however its selectors weigh."""
    package = find_spec("flask_bootstrap")
    if package is None or package.origin is None:
        raise FileNotFoundError("Bootstrap-Flask is not installed: pip install -r requirements.txt")
    sheet = (Path(package.origin).parent / _IN_THE_PACKAGE).read_text(encoding="utf-8")
    sheet = sheet.removeprefix('@charset "UTF-8";').partition("/*# sourceMappingURL")[0]
    return f"@layer bootstrap{{{sheet}}}\n".encode()


@cache
def _compressed_bootstrap() -> bytes:
    return gzip.compress(layered_bootstrap(), mtime=0)


@blueprint.get("/assets/bootstrap.css")
def bootstrap() -> Response:
    is_compressed = "gzip" in request.accept_encodings
    response = Response(
        _compressed_bootstrap() if is_compressed else layered_bootstrap(), mimetype="text/css"
    )
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.public = True
    response.cache_control.max_age = 30 * 24 * 3600
    return response

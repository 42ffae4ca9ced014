"""The pages: a Flask application over the operations. `create_app(settings)` makes it."""

from web.app import create_app

__all__ = ["create_app"]

"""An application for gunicorn's pool of dirty workers (25 and later)."""

from gunicorn.dirty import DirtyApp


class App(DirtyApp):
    """Does nothing: it only makes the pool exist."""

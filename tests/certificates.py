"""A certificate of 127.0.0.1 that nobody but itself signed, for tests over TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(path: Path) -> Path:
    """Writes the certificate with its key into one file."""
    making = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    made = subprocess.run(
        ["openssl", *making.split(), "-keyout", "-", "-out", "-"], check=True, capture_output=True
    )
    path.write_bytes(made.stdout)
    return path

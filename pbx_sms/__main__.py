"""`python -m pbx_sms` = `pbx-sms`."""

from __future__ import annotations

import sys

from pbx_sms.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m stiletto` is the command `stiletto`."""

from __future__ import annotations

import sys

from stiletto.cli.main import main

sys.exit(main())

"""``python -m han_gateway`` is ``han-gateway``."""

import sys

from han_gateway.cli import main

sys.exit(main())

"""What a process needs in its environment to be measured as the tests are."""

from __future__ import annotations

import os

MEASURED = {
    name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")
}
"""Empty where no coverage is measured. Part of every environment that a test makes from nothing."""

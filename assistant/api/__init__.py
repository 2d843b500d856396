"""The HTTP API: routes, who calls, errors as problems, and pages that show a source."""

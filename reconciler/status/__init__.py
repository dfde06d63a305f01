"""Health and the report of a site; pure."""

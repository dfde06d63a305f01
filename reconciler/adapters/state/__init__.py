"""The site's SQLite database."""

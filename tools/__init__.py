"""What makes files of this repository out of others; not part of the package."""

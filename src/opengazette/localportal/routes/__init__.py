"""The addresses of the portal: rows, datasets, discovery and pages."""

"""The demonstration departments: real public tables and generated encounters in one database."""

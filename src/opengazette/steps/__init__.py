"""The steps of a table's way: order and ports, one module for each."""

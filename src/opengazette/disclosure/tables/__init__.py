"""A publication table as a linear system: cells, codes, totals, and the equations between them."""

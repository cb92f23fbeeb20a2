"""The only code that touches files, databases, the network and other people's libraries."""

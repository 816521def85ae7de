"""Actra in other packages' worlds, each in a module of its own."""

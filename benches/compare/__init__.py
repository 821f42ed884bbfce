"""Measures this system side by side with its peers; `benches/compare.py` is the command."""

"""Identity, measured beside stock Splink on labelled sets: `python -m tests.bench.identity`."""

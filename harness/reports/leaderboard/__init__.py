"""A static site about artifacts of one panel: opens from disk, needs no network, and is the same bytes every time."""

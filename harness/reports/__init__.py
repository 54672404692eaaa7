"""What a person reads: everything here is computed from an artifact and from nothing else (law 7)."""

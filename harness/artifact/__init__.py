"""The one parquet file of a run: schema, rows, hash chain, crash-safe journal, provenance."""

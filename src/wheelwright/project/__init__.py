"""The package's metadata and configuration, read from its own files. Pure: no engine, no disk."""

"""What each call of the API means: values, without I/O."""

API_VERSION = "v0.21.8"
"""The Dagger release whose wire protocol is used: `engineVersion` of modules may be up to it."""

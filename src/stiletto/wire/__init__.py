"""GraphQL over HTTP, as SDKs expect it."""

"""The API server, over kubernetes' ApiClient and raw paths."""

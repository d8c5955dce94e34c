"""The server: holds the latest snapshot and answers `GET /` with it, within the client limit."""

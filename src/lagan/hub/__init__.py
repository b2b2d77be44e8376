"""The server: catalogue, archive, web pages and API."""

"""The archive node: the archive server's command language, spoken on a port of its own."""

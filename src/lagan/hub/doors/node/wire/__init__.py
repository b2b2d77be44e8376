"""What goes over the port: requests as clients send them, status documents as they expect them."""

"""Other people's protocols on our rooms: each door only translates."""

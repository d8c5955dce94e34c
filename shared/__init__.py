"""What the client and the server have in common; it imports neither of them."""

"""What the documentation leaves to the project: models, endpoints, and who is asking."""

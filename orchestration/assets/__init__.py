"""The assets, one module per floor; each declares what it makes and calls the floor that makes it."""

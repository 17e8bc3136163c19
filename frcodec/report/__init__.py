"""What a file holds and whether it is sound: data in, data out, no printing."""

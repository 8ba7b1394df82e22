"""One file per sensor family, pure: bytes and a host time in, events out."""

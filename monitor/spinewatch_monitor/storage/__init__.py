"""When to record and finalise, and the library of recordings."""

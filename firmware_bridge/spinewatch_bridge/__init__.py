"""Bytes in, ImuBatch out: sensors, transports, recordings, simulator. This file imports nothing; import the modules."""

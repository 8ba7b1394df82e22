"""Bytes in, ImuBatch out: sensors, transports, recordings, a simulator. This file imports nothing; import the modules."""

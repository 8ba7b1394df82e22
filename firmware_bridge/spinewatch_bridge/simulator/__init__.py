"""Simulated wearers, sensors and days, with their truth. Everything made here is labelled simulated."""

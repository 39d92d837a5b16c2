"""What is bought, once: the ledger, the engine that drives calls through it, the caps, and the dlt source.

Knows providers by a Protocol (`sources.providers.Provider`), no vendor by name.
"""

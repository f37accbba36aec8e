"""Networks, from their configuration. Nothing here reads audio, data sets or tables."""

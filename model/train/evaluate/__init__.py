"""How good the weights are, on repositories that they were never trained on."""

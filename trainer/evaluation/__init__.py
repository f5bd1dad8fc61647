"""How good an agent plays and how faithfully it dreams, on fixed lists of levels."""

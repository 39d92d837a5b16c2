"""Sixtyfour, asked for e-mail addresses and phone numbers where another vendor knows none."""

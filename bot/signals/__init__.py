"""What a message tells besides its intent: language, frustration, and the things it names. Knows no conversation."""

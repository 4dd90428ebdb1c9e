"""The indexes over passages, dense and by words, and the ranking of what they find. Knows no file formats."""

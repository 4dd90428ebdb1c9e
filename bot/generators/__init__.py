"""What writes the words of an answer: the ReplyGenerators."""

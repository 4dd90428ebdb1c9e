"""Verifiers: do these passages answer the question, and does this sentence support that claim?"""

"""Wires evaluation files to running parts. The scoring itself is bot/training/evaluate.py."""

from __future__ import annotations

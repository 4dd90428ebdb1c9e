"""The editors' page: documents, uploads, entries, unanswered questions, trials."""

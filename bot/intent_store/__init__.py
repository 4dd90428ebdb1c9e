"""The company's list of intents as people edit it, and the trainings of it. Knows nothing of models."""

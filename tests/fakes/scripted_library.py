"""A KnowledgeLibrary and its IngestJobs without models or disk, for tests and pictures of the pages."""


class ScriptedLibrary:
    pass


class ScriptedJobs:
    def __init__(self, library: ScriptedLibrary) -> None:
        self._library = library

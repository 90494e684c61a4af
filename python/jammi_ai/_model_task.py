"""What a model is asked for."""

import enum


class ModelTask(enum.Enum):
    """What a model is asked for. A verb with a `task` takes a member or its word, as `str(task)` gives it."""

    TextEmbedding = "text_embedding"
    ImageEmbedding = "image_embedding"
    Classification = "classification"
    Ner = "ner"

    def as_db_str(self) -> str:
        """The task's word in SQL and in the catalog, for example "text_embedding"."""
        return self.value

    @staticmethod
    def from_str(s: str) -> "ModelTask":
        """The task of a word; "embedding" also means "text_embedding". ValueError for any other text."""
        try:
            return ModelTask("text_embedding" if s == "embedding" else s)
        except ValueError:
            words = ", ".join(task.value for task in ModelTask)
            raise ValueError(f"unknown task {s!r}, expected one of {words}") from None

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"ModelTask.{self.name}"

import pytest

from jammi_ai import ModelTask


def test_words_are_those_of_the_catalog():
    assert [str(task) for task in ModelTask] == ["text_embedding", "image_embedding", "classification", "ner"]
    assert ModelTask.TextEmbedding.as_db_str() == "text_embedding"


def test_members_are_hashable_equal_and_shown_by_name():
    assert {ModelTask.Ner: 1}[ModelTask.from_str("ner")] == 1
    assert repr(ModelTask.Classification) == "ModelTask.Classification"
    assert ModelTask.TextEmbedding != ModelTask.ImageEmbedding


def test_from_str_reads_words_and_the_short_form_of_text_embedding():
    assert all(ModelTask.from_str(str(task)) is task for task in ModelTask)
    assert ModelTask.from_str("embedding") is ModelTask.TextEmbedding


@pytest.mark.parametrize("word", ["", "TextEmbedding", "text-embedding", None, 3])
def test_from_str_refuses_anything_else(word):
    with pytest.raises(ValueError, match="expected one of text_embedding, image_embedding, classification, ner"):
        ModelTask.from_str(word)


def test_members_cannot_be_changed():
    with pytest.raises(AttributeError):
        ModelTask.Ner = 1

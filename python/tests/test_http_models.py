import sys

import pytest

from conftest import NUM_PAPERS, ROOT

sys.path.insert(0, str(ROOT / "tests" / "fixtures"))
from embedding_server import EmbeddingServer  # noqa: E402

TITLE = "Report 1 about cooking rice with fish"


def test_a_model_on_a_server_embeds_searches_and_infers(db):
    with EmbeddingServer() as server:
        model = f"{server.url}#letters"
        db.generate_text_embeddings(source="papers", model=model, columns=["title"], key="id")
        [found] = db.search("papers", query=db.encode_text_query(model, TITLE), k=1).run().to_pylist()
        assert found["title"] == TITLE and found["similarity"] == pytest.approx(1, abs=1e-5)
        rows = db.infer(source="papers", model=model, columns=["title"], task="text_embedding", key="id")
        assert rows["_status"].to_pylist() == ["ok"] * (NUM_PAPERS - 2) + ["error"] * 2
        assert {body["model"] for _, body in server.requests} == {"letters"}


def test_a_server_that_refuses_is_quoted(db):
    with EmbeddingServer(status=401) as server, pytest.raises(RuntimeError, match="returned 401: .*no"):
        db.encode_text_query(server.url, "rice")
    with pytest.raises(RuntimeError, match="send them by inference.http.headers"):
        db.encode_text_query("https://user:secret@127.0.0.1", "rice")

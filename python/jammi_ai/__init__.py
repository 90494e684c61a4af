"""Jammi: register tables, embed their text, search them by meaning. In one process, without a server.

    import jammi_ai

    db = jammi_ai.connect(artifact_dir="my_data")
    db.add_source("patents", path="patents.parquet", format="parquet")
    db.sql("SELECT count(*) FROM patents.public.patents")

    model = "sentence-transformers/all-MiniLM-L6-v2"
    db.generate_text_embeddings(source="patents", model=model, columns=["abstract"], key="id", progress=True)

    search = db.search("patents", query=db.encode_text_query(model, "solar power"), k=10)
    search.filter("year > 2020")
    print(search.run().to_pandas())

Start with `connect`, which opens a `Database`; `Database.search` makes a `SearchBuilder`; `merge_channels` gives results
the columns of provenance channels.

Tables come back as `pyarrow.Table`. Tables go in as anything that has `__arrow_c_stream__`: pyarrow, pandas, polars and
DuckDB tables among others. Neither direction copies the data.

What goes wrong in the engine is a `RuntimeError` whose text begins with the part that failed ("Source error: ...").
An argument of the wrong type is a `TypeError`, one with an impossible value a `ValueError`. Ctrl-C stops a running call
with `KeyboardInterrupt`, and the database can be used on.

Everything may be called from several threads at once; the interpreter lock is free while the engine works. After a
fork the child must connect again.
"""

from ._channels import merge_channels
from ._database import Database, connect
from ._jammi import BatchInfo, Progress, __version__
from ._model_task import ModelTask
from ._search import SearchBuilder
from ._transaction import Transaction

__all__ = ["BatchInfo", "Database", "ModelTask", "Progress", "SearchBuilder", "Transaction", "connect", "merge_channels"]

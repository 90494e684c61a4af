"""The engine of jammi_ai."""

from collections.abc import Buffer, Callable, Mapping, Sequence
import types

import pyarrow

import jammi_ai._model_task
import jammi_ai._records


class Table:
    """An Arrow table on its way into or out of the engine, without a copy."""

    def __init__(self, producer: object) -> None:
        """Reads an object that has __arrow_c_stream__."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> types.CapsuleType:
        """The Arrow C stream of the rows; the schema is not negotiable."""

class BatchInfo:
    """How a batch of model output came about, as an observer gets it."""

    @property
    def model_id(self) -> str:
        """The model, as in the batch's column `_model`."""

    @property
    def task(self) -> jammi_ai._model_task.ModelTask:
        """What the model was asked for."""

    @property
    def latency_ms(self) -> float:
        """Milliseconds from reading the batch's rows to their last result."""

    def __repr__(self) -> str: ...

class Search:
    """A search under construction; see jammi_ai.SearchBuilder."""

    def join(self, source: str, on: str, how: str) -> None: ...

    def annotate(self, model: str, task: str, columns: Sequence[str]) -> None: ...

    def filter(self, predicate: str) -> None: ...

    def sort(self, column: str, descending: bool) -> None: ...

    def limit(self, num_rows: int) -> None: ...

    def select(self, columns: Sequence[str]) -> None: ...

    def explain(self) -> str: ...

    def run(self) -> Table: ...

class Progress:
    """State of a long call, as a progress callback gets it."""

    @property
    def rows_done(self) -> int:
        """Rows read so far, failed ones included."""

    @property
    def rows_total(self) -> int | None:
        """Rows of the source, None while that is unknown."""

    @property
    def rows_failed(self) -> int:
        """Rows that have no vector: no text or no key."""

    @property
    def tokens_done(self) -> int:
        """Model tokens computed, special tokens included."""

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the call began."""

    def __repr__(self) -> str: ...

class Session:
    """The engine behind a jammi_ai.Database, which documents its verbs."""

    def __init__(self, config: str | None, artifact_dir: str | None, gpu_device: int | None, inference_batch_size: int | None) -> None: ...

    def close(self) -> None: ...

    @property
    def is_closed(self) -> bool: ...

    @property
    def artifact_dir(self) -> str: ...

    def add_source(self, name: str, url: str, format: str | None) -> None: ...

    def remove_source(self, name: str) -> None: ...

    def list_sources(self) -> list[jammi_ai._records.Source]: ...

    def describe_source(self, name: str) -> jammi_ai._records.SourceDescription | None: ...

    def set_source_tenant_column(self, name: str, column: str | None) -> None: ...

    def with_tenant(self, tenant_id: str) -> None: ...

    def tenant(self) -> str | None: ...

    def register_channel(self, channel_id: str, priority: int, columns: Sequence[tuple[str, str]]) -> None: ...

    def add_channel_columns(self, channel_id: str, columns: Sequence[tuple[str, str]]) -> None: ...

    def list_channels(self) -> list[jammi_ai._records.Channel]: ...

    def merge_channels(self, batches: Sequence[Table], participating: Sequence[str], retrieved_by: Sequence[str], annotated_by: Sequence[str], contributions: Sequence[Sequence[tuple[str, Sequence[Table]]]]) -> list[Table]: ...

    def create_mutable_table(self, name: str, schema: Table, primary_key: Sequence[str], indexes: Sequence[tuple[str, Sequence[str], bool]], order_column: str | None, chunk_size: int | None) -> str: ...

    def drop_mutable_table(self, name: str, if_exists: bool) -> None: ...

    def list_mutable_tables(self) -> list[jammi_ai._records.MutableTable]: ...

    def insert_batch(self, table: str, rows: Table) -> None: ...

    def scan_after(self, table: str, value: int, limit: int | None) -> Table: ...

    def sql(self, query: str, relations: Mapping[str, Table]) -> Table: ...

    def generate_text_embeddings(self, source: str, model: str, columns: Sequence[str], key: str, progress: Callable[[Progress], object] | None) -> str: ...

    def generate_image_embeddings(self, source: str, model: str, image_column: str, key: str, progress: Callable[[Progress], object] | None) -> str: ...

    def infer(self, source: str, model: str, columns: Sequence[str], task: str, key: str, progress: Callable[[Progress], object] | None) -> Table: ...

    def add_observer(self, observer: Callable[[pyarrow.RecordBatch, BatchInfo], object]) -> None: ...

    def remove_observer(self, observer: object) -> bool: ...

    def encode_text_query(self, model: str, text: str) -> list[float]: ...

    def encode_image_query(self, model: str, image: bytes) -> list[float]: ...

    def preload_model(self, model: str, task: str) -> None: ...

    def loaded_models(self) -> list[jammi_ai._records.LoadedModel]: ...

    def evict_model(self, model: str) -> None: ...

    def cache_statistics(self) -> jammi_ai._records.QueryCacheStatistics: ...

    def search(self, source: str, query: Buffer, k: int, filter: str) -> Search: ...

class Transaction:
    """The engine behind a jammi_ai.Transaction."""

    def __init__(self, session: Session) -> None: ...

    def sql(self, statements: str) -> Table: ...

    def insert_batch(self, table: str, rows: Table) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

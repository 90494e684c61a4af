"""Opening a database, and its verbs."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import pyarrow

from . import _arguments, _html, _jammi
from ._model_task import ModelTask
from ._progress import reporting
from ._records import Channel, LoadedModel, MutableTable, QueryCacheStatistics, Source, SourceDescription
from ._search import SearchBuilder
from ._transaction import Transaction


def connect(
    *,
    config: str | os.PathLike[str] | None = None,
    artifact_dir: str | os.PathLike[str] | None = None,
    gpu_device: int | None = None,
    inference_batch_size: int | None = None,
) -> "Database":
    """Opens a database, making it if it is not there.

    Args:
        config: A TOML file. Without it the first of $JAMMI_CONFIG, ./jammi.toml and ~/.config/jammi/config.toml that
            exists is read. Variables such as JAMMI_ENGINE__EXECUTION_THREADS come before the file, the arguments
            below before both.
        artifact_dir: The directory that holds the catalog, the embeddings and their indexes.
        gpu_device: The number of a CUDA device; -1 for the CPU alone.
        inference_batch_size: Rows per batch of model output, at least 1.

    Raises:
        RuntimeError: The file is missing or wrong ("Configuration error: ..."), or the directory cannot be used.
        TypeError, ValueError: An argument has the wrong type or an impossible value.
    """
    return Database(
        config=config,
        artifact_dir=artifact_dir,
        gpu_device=gpu_device,
        inference_batch_size=inference_batch_size,
    )


class Database:
    """Sources, SQL, embeddings and search over one directory.

    `Database()` and `connect()` take the same arguments and do the same. A database is closed by `close()`, by the end
    of a `with` block, or when nothing refers to it any more. Its methods may be called from several threads at once.
    Every method raises RuntimeError "Database is closed" after `close()`, and RuntimeError in a process that was forked
    after the database was opened.
    """

    def __init__(
        self,
        *,
        config: str | os.PathLike[str] | None = None,
        artifact_dir: str | os.PathLike[str] | None = None,
        gpu_device: int | None = None,
        inference_batch_size: int | None = None,
    ) -> None:
        """Opens a database; see `connect`."""
        self._session = _jammi.Session(
            None if config is None else _arguments.path("config", config),
            None if artifact_dir is None else _arguments.path("artifact_dir", artifact_dir),
            None if gpu_device is None else _arguments.whole_number("gpu_device", gpu_device, at_least=-1),
            None
            if inference_batch_size is None
            else _arguments.whole_number("inference_batch_size", inference_batch_size, at_least=1),
        )
        self._artifact_dir = self._session.artifact_dir

    # Sources

    def add_source(
        self,
        name: str,
        *,
        format: str | None = None,
        url: str | None = None,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Registers a file, a directory or glob of files, or a database, for good.

        In SQL files are `<name>.public.<file name>`, the tables of a database `<name>.public.<table>`.

        Args:
            name: What SQL and the other verbs call the source.
            format: parquet, csv or json; none for a database.
            url: Where the files are: "/data/patents.parquet", "file:///data/patents.parquet", "/data/*.parquet". Or a
                database: "postgresql://user:password@host:5432/db", "mysql://user:password@host:3306/db",
                "sqlite:///data/notes.db".
            path: The same as a local path, which may be relative to the working directory. Give exactly one of the two.

        Raises:
            RuntimeError: The format is unknown, the files are missing or unreadable, the database cannot be reached, or
                the name is taken ("Source error: <name>: Source already registered").
            ValueError: Both or none of `url` and `path`.
        """
        places = [
            *([] if url is None else [_arguments.text("url", url)]),
            *([] if path is None else [os.path.abspath(_arguments.path("path", path))]),
        ]
        if len(places) != 1:
            raise ValueError("add_source takes exactly one of url and path")
        file_format = None if format is None else _arguments.text("format", format)
        self._session.add_source(_arguments.text("name", name), places[0], file_format)

    def remove_source(self, name: str) -> None:
        """Forgets a source and deletes its embeddings; its own files stay. RuntimeError for an unknown source."""
        self._session.remove_source(_arguments.text("name", name))

    def list_sources(self) -> list[Source]:
        """The registered sources: a list of dicts with source_id, source_type, status, url, format and result_tables.

        `result_tables` lists the runs of models over the source, oldest first: dicts with table_name, source_id,
        model_id, dimensions (None or the width of the vectors), row_count and status (building, ready or failed).
        """
        return self._session.list_sources()

    def describe_source(self, name: str) -> SourceDescription | None:
        """One source as in `list_sources`, with its `tables`; None when there is no such source.

        `tables` is a list of dicts with name and columns, the columns a list of dicts with name and type (SQL).
        """
        return self._session.describe_source(_arguments.text("name", name))

    def set_source_tenant_column(self, name: str, column: str | None) -> None:
        """Declares which column of a source's tables holds the tenant of a row; None: no column does.

        A database that is bound to a tenant sees of such a table only the rows whose column is the tenant's id, as a text
        in lower case, and those where it is null; one that is not bound only the latter. A column `tenant_id` is always
        the one, whatever is declared.

        Whoever sees a source may declare a column where there is none; only its owner may change or drop it.

        Raises:
            RuntimeError: "Source error: <name>: Column not found: <column>"; the source has embeddings, which hold rows of
                all tenants; a source that is not the tenant's own.
        """
        self._session.set_source_tenant_column(
            _arguments.text("name", name), None if column is None else _arguments.condition("column", column)
        )

    # Tenants

    def with_tenant(self, tenant_id: str) -> None:
        """Binds this database to a tenant, for the calls that begin from now on; "" for none.

        A bound database sees the sources, embeddings, models and channels of its tenant and those of nobody, and what it
        writes is the tenant's. One that is not bound sees only what is nobody's.

        Raises:
            RuntimeError: "Tenant error: tenant id '<id>': not a UUID, ..."; the nil UUID.
        """
        self._session.with_tenant(_arguments.text("tenant_id", tenant_id))

    def tenant(self) -> str | None:
        """The id of the tenant that this database is bound to, in lower case; None when it is bound to none."""
        return self._session.tenant()

    # SQL

    def sql(self, query: str, *, relations: Mapping[str, Any] | None = None) -> pyarrow.Table:
        """Runs one SQL query and returns all its rows; a query without rows still has its columns.

        INSERT, UPDATE, DELETE and MERGE change mutable tables. Several of them, separated by semicolons, land together
        or not at all; the result has a row for each with the `count` of the rows that it changed. With RETURNING, a
        single one gives these.

        Args:
            query: For example "SELECT title FROM patents.public.patents WHERE year > 2020". Embeddings are tables too:
                'SELECT _row_id, vector FROM "jammi.<table_name>"'.
            relations: Tables that only this query sees, by name: {"new_rows": dataframe}. Any object that has
                `__arrow_c_stream__` will do (pyarrow, pandas, polars, DuckDB, ...); none is copied.

        Raises:
            RuntimeError: "DataFusion error: ..." for a query that does not parse, names something unknown or fails.
            TypeError: A relation that is no Arrow table.
        """
        tables = {
            _arguments.text("relation name", name): _jammi.Table(_arguments.arrow_table(f"relation {name!r}", table))
            for name, table in _arguments.mapping("relations", {} if relations is None else relations).items()
        }
        return pyarrow.table(self._session.sql(_arguments.text("query", query), tables))

    # Mutable tables

    def create_mutable_table(
        self,
        name: str,
        *,
        schema: Any,
        primary_key: Sequence[str],
        indexes: Iterable[Mapping[str, Any]] | None = None,
        order_column: str | None = None,
        chunk_size: int | None = None,
    ) -> str:
        """Registers a table that SQL can change, readable as mutable.public.<name>, and returns its name.

        Args:
            name: 1 to 63 lowercase letters, digits and underscores.
            schema: A pyarrow.Schema, or any object with `__arrow_c_schema__`, of the types bool, int8 to int64, uint8 to
                uint64, float32, float64, string and binary. `tenant_id` and names that begin with an underscore are
                reserved.
            primary_key: Columns that name a row together; they are never null.
            indexes: Dicts with name, columns and, if they are, unique. Names of indexes are unique in the database.
            order_column: The int64 or uint64 column that `scan_after` goes by.
            chunk_size: Rows per batch of `scan_after`, 8192 if not given; forgotten when the database is closed.

        Raises:
            RuntimeError: "Mutable table error: ..." for a definition that breaks a rule, a known name or index name.
            KeyError: An index without name or columns.
            TypeError, ValueError: An argument of the wrong type, or an impossible value.
        """
        if not isinstance(schema, pyarrow.Schema) and not hasattr(schema, "__arrow_c_schema__"):
            raise TypeError(f"schema must be an Arrow schema, not {type(schema).__name__}")
        return self._session.create_mutable_table(
            _arguments.text("name", name),
            _jammi.Table(pyarrow.schema(schema).empty_table()),
            _arguments.texts("primary_key", primary_key),
            _arguments.index_specifications("indexes", [] if indexes is None else indexes),
            None if order_column is None else _arguments.text("order_column", order_column),
            None if chunk_size is None else _arguments.whole_number("chunk_size", chunk_size, at_least=1),
        )

    def drop_mutable_table(self, name: str, *, if_exists: bool = False) -> None:
        """Drops a mutable table with its rows. RuntimeError "... mutable table not found: x" unless `if_exists`."""
        self._session.drop_mutable_table(_arguments.text("name", name), _arguments.flag("if_exists", if_exists))

    def list_mutable_tables(self) -> list[MutableTable]:
        """The bound tenant's mutable tables, or nobody's, by name: dicts with name, columns, primary_key, indexes and order_column."""
        return self._session.list_mutable_tables()

    def transaction(self) -> Transaction:
        """Starts a transaction over the mutable tables: `with db.transaction() as changes: changes.sql(...)`."""
        return Transaction(self._session)

    def insert_batch(self, table: str, rows: Any) -> None:
        """Adds rows to a mutable table, all or none, past the SQL planner.

        Any object that has `__arrow_c_stream__` will do; its columns have the table's names and types in its order.
        RuntimeError "Mutable table error: ..." for others, for a null where none may be and for a key that is taken.
        """
        self._session.insert_batch(
            _arguments.text("table", table), _jammi.Table(_arguments.arrow_table("rows", rows))
        )

    def scan_after(self, table: str, value: int, *, limit: int | None = None) -> pyarrow.Table:
        """The rows of a mutable table whose order column is greater than `value`, ascending, `limit` at most."""
        number = _arguments.whole_number("value", value, at_least=-(2**63))
        most = None if limit is None else _arguments.whole_number("limit", limit, at_least=0)
        return pyarrow.table(self._session.scan_after(_arguments.text("table", table), number, most))

    # Models

    def generate_text_embeddings(
        self,
        *,
        source: str,
        model: str | os.PathLike[str],
        columns: Sequence[str],
        key: str,
        progress: bool | Callable[[_jammi.Progress], object] | None = None,
    ) -> None:
        """Embeds every row of a source and keeps the vectors in a new table, which `search` then uses.

        Rows without text (null or empty in all columns) or without a key are left out of the table.

        Args:
            source: A registered source.
            model: A model of the Hugging Face Hub ("sentence-transformers/all-MiniLM-L6-v2"), a local directory
                ("local:/models/minilm", or a `pathlib.Path`), or one on a server that speaks OpenAI's embeddings API
                ("https://api.example.com#text-embedding-3-small").
            columns: The text columns, joined by one space in this order.
            key: The column that names a row; the table keeps it as text in `_row_id`.
            progress: True draws a bar; a callable is called with a `Progress` up to ten times a second and at the end,
                on the calling thread. What it raises stops the call.

        Raises:
            RuntimeError: "Source error: ..." for an unknown source or column, "Model error: ..." for a model that
                cannot be found or loaded.
            KeyboardInterrupt: Ctrl-C. The unfinished table is marked failed and is not searched.
        """
        self._embed(source, model, columns, key, progress)

    def generate_image_embeddings(
        self,
        *,
        source: str,
        model: str | os.PathLike[str],
        image_column: str,
        key: str,
        progress: bool | Callable[[_jammi.Progress], object] | None = None,
    ) -> None:
        """Embeds the image of every row of a source and keeps the vectors in a new table, which `search` then uses.

        Rows without an image that can be read, or without a key, are left out of the table; `infer` with the task
        image_embedding says why.

        Args:
            source, key, progress: As in `generate_text_embeddings`.
            model: An OpenCLIP model ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K"). A text embedded with the same model by
                `encode_text_query` finds the images that it describes.
            image_column: A column of bytes, each an image file (PNG, JPEG, TIFF or WebP), or of paths of such files.

        Raises:
            RuntimeError: As `generate_text_embeddings`; "Inference error: Unsupported column type for image input: ..."
                for a column of another type.
            KeyboardInterrupt: Ctrl-C. The unfinished table is marked failed and is not searched.
        """
        self._embed_images(source, model, image_column, key, progress)

    def generate_embeddings(
        self,
        *,
        source: str,
        model: str | os.PathLike[str],
        columns: Sequence[str],
        key: str,
        modality: str | None = None,
        progress: bool | Callable[[_jammi.Progress], object] | None = None,
    ) -> str:
        """Does what `generate_text_embeddings` does and returns the name of the new table.

        `modality` is None, "text" or "image", which embeds the images of one column; ValueError for anything else.
        """
        if modality is None or _arguments.text("modality", modality) == "text":
            return self._embed(source, model, columns, key, progress)
        if modality != "image":
            raise ValueError(f"unknown modality {modality!r}, expected 'text' or 'image'")
        names = _arguments.texts("columns", columns)
        if len(names) != 1:
            raise ValueError(f"columns must name one column of images, not {len(names)}")
        return self._embed_images(source, model, names[0], key, progress)

    def infer(
        self,
        *,
        source: str,
        model: str | os.PathLike[str],
        columns: Sequence[str],
        task: ModelTask | str,
        key: str,
        progress: bool | Callable[[_jammi.Progress], object] | None = None,
    ) -> pyarrow.Table:
        """Runs a model over every row of a source and returns what it says; nothing is stored.

        The rows come in the order of the source, in batches of `inference.batch_size`, with the columns `_row_id` (the
        key as text), `_source`, `_model`, `_status` ("ok" or "error"), `_error` (None or why the row failed),
        `_latency_ms` (of the row's batch) and those of the task. A row without text or key is an error row whose task
        columns are None.

        text_embedding adds `vector`, a list of as many float32 as the model has dimensions, of length 1 as a vector;
        image_embedding does the same for one column of images (see `generate_image_embeddings`).

        classification adds `label` (the likeliest of the model's labels), `confidence` (its probability, float32) and
        `all_scores_json` (a JSON object of every label's probability).

        ner adds `entities`, a JSON array of {"text", "label", "start", "end", "confidence"}, where `text[start:end]` of
        the joined columns is the entity.

        Args:
            source, model, columns, key, progress: As in `generate_text_embeddings`.
            task: A `ModelTask` or its word.

        Raises:
            RuntimeError: "Source error: ..." for an unknown source or column, "Model error: ..." for a model that
                cannot be found, cannot be loaded or does not do the task.
            TypeError: A task that is none.
            KeyboardInterrupt: Ctrl-C.
        """
        with reporting(progress) as on_progress:
            return pyarrow.table(
                self._session.infer(
                    _arguments.text("source", source),
                    _arguments.model("model", model),
                    _arguments.texts("columns", columns),
                    _arguments.task("task", task),
                    _arguments.text("key", key),
                    on_progress,
                )
            )

    def add_observer(self, observer: Callable[[pyarrow.RecordBatch, _jammi.BatchInfo], object]) -> None:
        """Calls `observer(batch, info)` for every batch of model output from now on, whoever asked for it.

        `batch` has the columns that `infer` returns, `info` the model's id, the task and the latency. The batches of one
        call come in order; calls on several threads may call the observer at once, and never on the thread that made
        the call. The call waits for the observer. What it raises is reported by `sys.unraisablehook` and changes nothing
        else. TypeError for an observer that cannot be called.
        """
        if not callable(observer):
            raise TypeError(f"observer must be callable, not {type(observer).__name__}")
        self._session.add_observer(observer)

    def remove_observer(self, observer: Callable[[pyarrow.RecordBatch, _jammi.BatchInfo], object]) -> None:
        """Stops calling an observer. ValueError when it is not one."""
        if not self._session.remove_observer(observer):
            raise ValueError(f"not an observer of this database: {observer!r}")

    def encode_text_query(self, model_id: str | os.PathLike[str], text: str) -> list[float]:
        """The embedding of one text: a list of as many floats as the model has dimensions, of length 1 as a vector.

        Text beyond the model's longest input is cut off. Raises RuntimeError "Inference error: ..." for an empty text
        and "Model error: ..." for a model that cannot be found or loaded.
        """
        return self._session.encode_text_query(_arguments.model("model_id", model_id), _arguments.text("text", text))

    def encode_image_query(self, model_id: str | os.PathLike[str], image_bytes: bytes) -> list[float]:
        """The embedding of one image, the bytes of a PNG, JPEG, TIFF or WebP file, as `encode_text_query` gives that of a
        text. With the same OpenCLIP model both have one space.

        Raises RuntimeError "Inference error: ..." for bytes that are no such file, are cut short or hold more than 100
        million pixels, and "Model error: ..." for a model that cannot be found or has no vision tower.
        """
        return self._session.encode_image_query(
            _arguments.model("model_id", model_id), _arguments.data("image_bytes", image_bytes)
        )

    def preload_model(
        self, model_id: str | os.PathLike[str], *, task: ModelTask | str = ModelTask.TextEmbedding
    ) -> None:
        """Loads a model for a task ahead of its first use, downloading it if need be. RuntimeError "Model error: ..."."""
        self._session.preload_model(_arguments.model("model_id", model_id), _arguments.task("task", task))

    def loaded_models(self) -> list[LoadedModel]:
        """The models in memory, the one used last first.

        A list of dicts with model_id, task, memory_bytes, num_users and last_used_at. A model is loaded by its first use
        and stays as long as `inference.max_loaded_models` and the memory allow; one in use always does.
        """
        return self._session.loaded_models()

    def evict_model(self, model_id: str | os.PathLike[str]) -> None:
        """Makes a model's next use like its first: drops it from memory and forgets where its files were found. Deletes
        nothing.

        Raises RuntimeError "Model error: ..." while the model is in use, and for one that was never used.
        """
        self._session.evict_model(_arguments.model("model_id", model_id))

    def search(self, source: str, *, query: Sequence[float], k: int, filter: str | None = None) -> SearchBuilder:
        """Begins a search for the `k` rows of a source that are nearest to a vector.

        Args:
            source: A source that has been embedded. Its newest finished table is searched.
            query: As many numbers as the table's vectors have: a list, a NumPy array, a tensor or any other sequence.
                It must come from the model that embedded the source.
            k: How many rows at most; 0 or more.
            filter: A SQL condition over the source's columns, for example "year > 2020". Only rows that meet it are
                found, and k of them whenever k meet it. (`SearchBuilder.filter` looks at the k rows found instead.)

        Raises:
            RuntimeError: "Catalog error: No ready embedding table for source '<source>'"; a vector of another width, or
                one that holds NaN or infinity; "... Filter parse: ..." for a filter that does not parse or names an
                unknown column.
            TypeError, ValueError: `query` is no flat sequence of numbers, or `k` is negative.
        """
        search = self._session.search(
            _arguments.text("source", source),
            _arguments.vector("query", query),
            _arguments.whole_number("k", k, at_least=0),
            "" if filter is None else _arguments.condition("filter", filter),
        )
        shown = "" if filter is None else f", filter={_arguments.shown(filter)}"
        return SearchBuilder(search, f"search({source!r}, k={k}{shown})")

    # Provenance channels

    def register_channel(self, channel_id: str, *, priority: int, columns: Iterable[tuple[str, str]]) -> None:
        """Registers a provenance channel for good: a way in which rows are found or added to.

        Args:
            channel_id: A lowercase letter, then up to 63 lowercase letters, digits and underscores.
            priority: The place of its columns in results: `vector` has 1, `inference` 2. Fits 32 bits.
            columns: What the channel contributes to a row: (name, type) pairs in order. Types are Float32, Float64,
                Int32, Int64, Utf8 and Boolean.

        Raises:
            RuntimeError: "channel 'x': already exists"; an id, a column name or a type that cannot be.
            TypeError, ValueError: `columns` holds anything but pairs of str, or `priority` is too large.
        """
        self._session.register_channel(
            _arguments.text("channel_id", channel_id),
            _arguments.whole_number("priority", priority, at_least=-(2**31), bits=32),
            _arguments.channel_columns("columns", columns),
        )

    def add_channel_columns(self, channel_id: str, *, columns: Iterable[tuple[str, str]]) -> None:
        """Appends columns to a channel: all of them or, if one is refused, none.

        A channel only grows. RuntimeError "channel 'x': column 'y' already declared" for a column that it has, "channel
        'x': not registered" for an unknown channel; the built-in channels cannot be extended.
        """
        self._session.add_channel_columns(
            _arguments.text("channel_id", channel_id), _arguments.channel_columns("columns", columns)
        )

    def list_channels(self) -> list[Channel]:
        """The channels, `vector` and `inference` included, by priority and id.

        A list of dicts with channel_id, priority and columns, the columns as `register_channel` takes them.
        """
        return self._session.list_channels()

    def cache_statistics(self) -> QueryCacheStatistics:
        """How the caches of the configuration's [cache] section have done since the database was opened.

        A dict of dicts with hits, misses, hit_rate, entries, size and capacity: `embedding_cache` keeps the vectors of
        query texts, up to a number of bytes; `ann_cache` what searches found, up to a number of entries, of which a
        search for more than 100 rows takes several.
        """
        return self._session.cache_statistics()

    # Lifetime

    def close(self) -> None:
        """Closes the database. Calls that run on other threads finish; a second `close` does nothing."""
        self._session.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._session.is_closed else ""
        return f"<Database artifact_dir={self._artifact_dir!r}{state}>"

    def _repr_html_(self) -> str:
        if self._session.is_closed:
            return _html.paragraph(repr(self))
        rows = [
            (
                source["source_id"],
                source["format"] or source["source_type"],
                source["url"],
                sum(table["status"] == "ready" for table in source["result_tables"]),
            )
            for source in self.list_sources()
        ]
        return _html.paragraph(repr(self)) + _html.table(["source", "format", "url", "embedding tables"], rows)

    def _embed(
        self,
        source: str,
        model: str | os.PathLike[str],
        columns: Sequence[str],
        key: str,
        progress: bool | Callable[[_jammi.Progress], object] | None,
    ) -> str:
        with reporting(progress) as on_progress:
            return self._session.generate_text_embeddings(
                _arguments.text("source", source),
                _arguments.model("model", model),
                _arguments.texts("columns", columns),
                _arguments.text("key", key),
                on_progress,
            )

    def _embed_images(
        self,
        source: str,
        model: str | os.PathLike[str],
        image_column: str,
        key: str,
        progress: bool | Callable[[_jammi.Progress], object] | None,
    ) -> str:
        with reporting(progress) as on_progress:
            return self._session.generate_image_embeddings(
                _arguments.text("source", source),
                _arguments.model("model", model),
                _arguments.text("image_column", image_column),
                _arguments.text("key", key),
                on_progress,
            )

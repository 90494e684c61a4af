"""The dicts that methods of `Database` return."""

from typing import TypedDict


class ResultTable(TypedDict):
    """One run of a model over a source."""

    table_name: str
    """Readable in SQL as `jammi.<table_name>`."""
    source_id: str
    model_id: str
    dimensions: int | None
    """Width of the vectors; None unless the model makes vectors."""
    row_count: int
    status: str
    """building, ready or failed."""


class Column(TypedDict):
    """One column of a source's table."""

    name: str
    type: str
    """SQL type, for example VARCHAR."""


class Table(TypedDict):
    """One table of a source, readable in SQL as `<source>.public.<name>`."""

    name: str
    columns: list[Column]


class Source(TypedDict):
    """A registered source."""

    source_id: str
    source_type: str
    """file, postgres, mysql or sqlite."""
    status: str
    """Always active."""
    url: str | None
    format: str | None
    """parquet, csv or json."""
    result_tables: list[ResultTable]
    """Oldest first."""


class SourceDescription(Source):
    """A registered source with its tables."""

    tables: list[Table]


class Channel(TypedDict):
    """A provenance channel."""

    channel_id: str
    priority: int
    columns: list[tuple[str, str]]
    """Names and types, in the order they were declared."""


class MutableIndex(TypedDict):
    """An index of a mutable table."""

    name: str
    columns: list[str]
    unique: bool


class MutableTable(TypedDict):
    """A mutable table."""

    name: str
    columns: list[tuple[str, str, bool]]
    """Names, types, and whether they may be null."""
    primary_key: list[str]
    indexes: list[MutableIndex]
    order_column: str | None


class LoadedModel(TypedDict):
    """A model in memory."""

    model_id: str
    task: str
    """What it was loaded for."""
    memory_bytes: int
    """Of its weights; 0 for a model on a server."""
    num_users: int
    """Calls and builders that use it; one without any may be dropped."""
    last_used_at: str
    """ISO 8601, UTC."""


class CacheStatistics(TypedDict):
    """What a cache holds, and what it has answered since the database was opened."""

    hits: int
    misses: int
    hit_rate: float
    """Share of the look-ups that were hits, 0 to 1."""
    entries: int
    size: int
    """Of the entries, in the unit of the capacity."""
    capacity: int
    """As configured; 0 when the cache is off."""


class QueryCacheStatistics(TypedDict):
    """The caches of the configuration's [cache] section."""

    embedding_cache: CacheStatistics
    """From query texts to vectors; sizes in bytes."""
    ann_cache: CacheStatistics
    """From searches to the neighbours they found; sizes in entries."""

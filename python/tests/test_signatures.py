"""The face of the package: names, signatures, documentation."""

import inspect
import pathlib

import pytest

import jammi_ai

CONNECT = ["*config=None", "*artifact_dir=None", "*gpu_device=None", "*inference_batch_size=None"]

# What the contract fixes, plus keyword-only arguments with a default. "*" marks keyword-only.
SIGNATURES = {
    jammi_ai.connect: CONNECT,
    jammi_ai.Database: CONNECT,
    jammi_ai.Database.add_source: ["name", "*format=None", "*url=None", "*path=None"],
    jammi_ai.Database.remove_source: ["name"],
    jammi_ai.Database.list_sources: [],
    jammi_ai.Database.describe_source: ["name"],
    jammi_ai.Database.set_source_tenant_column: ["name", "column"],
    jammi_ai.Database.with_tenant: ["tenant_id"],
    jammi_ai.Database.tenant: [],
    jammi_ai.Database.sql: ["query", "*relations=None"],
    jammi_ai.Database.generate_text_embeddings: ["*source", "*model", "*columns", "*key", "*progress=None"],
    jammi_ai.Database.generate_image_embeddings: ["*source", "*model", "*image_column", "*key", "*progress=None"],
    jammi_ai.Database.generate_embeddings: [
        "*source",
        "*model",
        "*columns",
        "*key",
        "*modality=None",
        "*progress=None",
    ],
    jammi_ai.Database.infer: ["*source", "*model", "*columns", "*task", "*key", "*progress=None"],
    jammi_ai.Database.add_observer: ["observer"],
    jammi_ai.Database.remove_observer: ["observer"],
    jammi_ai.Database.encode_text_query: ["model_id", "text"],
    jammi_ai.Database.encode_image_query: ["model_id", "image_bytes"],
    jammi_ai.Database.preload_model: ["model_id", "*task=text_embedding"],
    jammi_ai.Database.loaded_models: [],
    jammi_ai.Database.evict_model: ["model_id"],
    jammi_ai.Database.search: ["source", "*query", "*k", "*filter=None"],
    jammi_ai.Database.register_channel: ["channel_id", "*priority", "*columns"],
    jammi_ai.Database.add_channel_columns: ["channel_id", "*columns"],
    jammi_ai.Database.list_channels: [],
    jammi_ai.Database.create_mutable_table: [
        "name",
        "*schema",
        "*primary_key",
        "*indexes=None",
        "*order_column=None",
        "*chunk_size=None",
    ],
    jammi_ai.Database.drop_mutable_table: ["name", "*if_exists=False"],
    jammi_ai.Database.list_mutable_tables: [],
    jammi_ai.Database.transaction: [],
    jammi_ai.Database.insert_batch: ["table", "rows"],
    jammi_ai.Database.scan_after: ["table", "value", "*limit=None"],
    jammi_ai.Transaction.sql: ["statements"],
    jammi_ai.Transaction.insert_batch: ["table", "rows"],
    jammi_ai.Transaction.commit: [],
    jammi_ai.Transaction.rollback: [],
    jammi_ai.Database.cache_statistics: [],
    jammi_ai.Database.close: [],
    jammi_ai.merge_channels: ["db", "batches", "participating", "retrieved_by", "annotated_by", "contributions"],
    jammi_ai.SearchBuilder.join: ["source", "*on", "*how=None"],
    jammi_ai.SearchBuilder.annotate: ["*model", "*task", "*columns"],
    jammi_ai.SearchBuilder.filter: ["predicate"],
    jammi_ai.SearchBuilder.sort: ["column", "*descending=False"],
    jammi_ai.SearchBuilder.limit: ["n"],
    jammi_ai.SearchBuilder.select: ["columns"],
    jammi_ai.SearchBuilder.explain: [],
    jammi_ai.SearchBuilder.run: [],
    jammi_ai.ModelTask.as_db_str: [],
    jammi_ai.ModelTask.from_str: ["s"],
}


def written(function):
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return [
        ("*" if p.kind is p.KEYWORD_ONLY else "") + p.name + ("" if p.default is p.empty else f"={p.default}")
        for p in parameters
    ]


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_signature_is_the_contract(function):
    assert written(function) == SIGNATURES[function]


def test_every_public_method_is_listed_above_documented_and_annotated():
    for owner in (jammi_ai.Database, jammi_ai.SearchBuilder, jammi_ai.Transaction):
        for name, method in vars(owner).items():
            if name.startswith("_"):
                continue
            assert method in SIGNATURES, name
            assert inspect.getdoc(method), name
            annotated = set(inspect.get_annotations(method)) - {"return"}
            assert annotated == set(inspect.signature(method).parameters) - {"self"}, name
            assert "return" in inspect.get_annotations(method), name


def test_module_offers_its_names_and_documents_itself():
    names = {"BatchInfo", "connect", "Database", "ModelTask", "Progress", "SearchBuilder", "Transaction", "merge_channels"}
    assert set(jammi_ai.__all__) == names
    assert "connect" in jammi_ai.__doc__ and "RuntimeError" in jammi_ai.__doc__
    assert all(inspect.getdoc(getattr(jammi_ai, name)) for name in jammi_ai.__all__)
    assert jammi_ai.__version__.count(".") == 2


def test_package_is_marked_as_typed():
    assert (pathlib.Path(jammi_ai.__file__).parent / "py.typed").is_file()

#!/usr/bin/env python3
"""Call models in SQL: retrieve, join and infer in one statement, then average what a model gave."""

import pathlib
import tempfile

import pyarrow
import pyarrow.parquet

import jammi_ai

MODEL = pathlib.Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "tiny_bert"

TOPICS = ["solar panels", "rice and fish", "language models", "river bridges", "network traffic"]


def add_sources(db: jammi_ai.Database, directory: pathlib.Path) -> None:
    """Registers 50 papers, ten for each topic, and the five teams that wrote them."""
    papers = [
        {"doi": f"10.1/{number}", "title": f"Report {number} on {topic}", "team": number % 5, "year": 2015 + number % 10}
        for number, topic in enumerate(topic for topic in TOPICS for _ in range(10))
    ]
    teams = [{"id": number, "profile": f"We study {topic}"} for number, topic in enumerate(TOPICS)]
    for name, rows in (("papers", papers), ("teams", teams)):
        file = directory / f"{name}.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file)
        db.add_source(name, path=file, format="parquet")


def main() -> None:
    model = f"local:{MODEL}"
    with tempfile.TemporaryDirectory() as directory, jammi_ai.connect(artifact_dir=f"{directory}/jammi") as db:
        add_sources(db, pathlib.Path(directory))
        db.generate_text_embeddings(source="papers", model=MODEL, columns=["title"], key="doi")

        # The papers nearest to a text, the team of each, and how well the team's profile fits the text.
        found = db.sql(f"""
            SELECT s.title, s.year, t.profile, round(s.similarity, 3) AS similarity,
                   round(array_cosine_similarity(a.vector, embed('{model}', 'solar panels')), 3) AS fit
            FROM vector_search('papers', 'Report on solar panels', 10) s
            JOIN teams.public.teams t ON t.id = s.team
            JOIN annotate('{model}', 'text_embedding', 'teams.public.teams', 'id', 'profile') a
              ON a._row_id = t.id::VARCHAR
            WHERE s.year >= 2018
            ORDER BY s.similarity DESC
        """)
        for row in found.to_pylist():
            print(f"{row['similarity']:.3f}  {row['fit']:.3f}  {row['year']}  {row['title']}  ({row['profile']})")

        # How near the titles of each year are to their mean.
        years = db.sql(f"""
            WITH titles AS (SELECT year, embed('{model}', title) AS vector FROM papers.public.papers),
                 means AS (SELECT year, vector_mean(vector) AS mean FROM titles GROUP BY year)
            SELECT year, avg(array_cosine_similarity(vector, mean)) AS nearness
            FROM titles JOIN means USING (year) GROUP BY year ORDER BY year
        """)

    assert 0 < found.num_rows <= 10 and min(found["year"].to_pylist()) >= 2018
    assert years["year"].to_pylist() == list(range(2015, 2025)) and min(years["nearness"].to_pylist()) > 0
    print("sql_inference: OK")


if __name__ == "__main__":
    main()

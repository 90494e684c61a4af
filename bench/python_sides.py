"""The processes that bench/python.py compares: they answer lines of JSON until there are no more."""
import json
import os
import sys
import time

import pyarrow.compute


def timed(call):
    started = time.perf_counter()
    result = call()
    return 1000 * (time.perf_counter() - started), result


def answer_sql(sql, query):
    milliseconds, table = timed(lambda: sql(query))
    content = [table.num_rows, table.column_names, pyarrow.compute.sum(table["id"]).as_py()]
    return {"milliseconds": milliseconds, "content": content}


def jammi():
    import jammi_ai

    db = jammi_ai.connect()

    def search(source, vector, k, repeats):
        runs = [timed(lambda: db.search(source, query=vector, k=k).run()) for _ in range(repeats)]
        return {"milliseconds": [elapsed for elapsed, _ in runs], "ids": runs[-1][1]["_row_id"].to_pylist()}

    return lambda question: answer_sql(db.sql, question["sql"]) if "sql" in question else search(**question)


def duckdb():
    import duckdb as package

    connection = package.connect()
    connection.execute(f"SET threads = {os.cpu_count()}")
    return lambda question: answer_sql(lambda query: connection.sql(query).to_arrow_table(), question["sql"])


def main(side):
    answer = {"jammi": jammi, "duckdb": duckdb}[side]()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

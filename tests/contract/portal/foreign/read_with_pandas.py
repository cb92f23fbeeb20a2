# ruff: noqa: TID251 - a program of another house
"""Read the portal as users of pandas do, page by page, and print what came as JSON."""

import json
import os
import sys

import pandas as pd

rows = os.environ["TABLE"].removesuffix(".json")
pages = []
while not pages or len(pages[-1]):
    query = f"$order=:id&$limit=2&$offset={2 * len(pages)}"
    pages.append(pd.read_csv(f"{rows}.csv?{query}", parse_dates=["day"]))
table = pd.concat(pages[:-1], ignore_index=True)
as_json = pd.read_json(f"{rows}.json", dtype={"visits": float}, convert_dates=["day"])
filtered = pd.read_csv(f"{rows}.csv?$where=visits%3E40&$select=county,visits")
found = {
    "pages": [len(page) for page in pages],
    "types": {name: str(kind) for name, kind in table.dtypes.items()},
    "sum": float(table["visits"].sum()),
    "missing": int(table["visits"].isna().sum()),
    "newest": str(table["day"].max()),
    "counties": table["county"].tolist(),
    "filtered": filtered["county"].tolist(),
    "json": [float(as_json["visits"].sum()), str(as_json["day"].max())],
}
json.dump(found, sys.stdout)

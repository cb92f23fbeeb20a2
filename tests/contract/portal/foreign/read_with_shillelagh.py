"""Ask the portal in SQL, as users of shillelagh do, and print what comes as JSON."""

import json
import os
import sys

import requests_cache
from shillelagh.backends.apsw.db import connect

requests_cache.install_cache(backend="memory")
table = os.environ["TABLE"]
cursor = connect(":memory:", adapters=["socrataapi"]).cursor()


def asked(sql: str) -> list[list[object]]:
    return [list(row) for row in cursor.execute(sql.replace("VISITS", f'"{table}"'))]


found = {
    "columns": [
        entry[0] for entry in cursor.execute(f'SELECT * FROM "{table}" LIMIT 1').description
    ],
    "filtered": asked("SELECT county, visits FROM VISITS WHERE visits > 40 ORDER BY visits"),
    "dates": asked("SELECT county, day FROM VISITS WHERE day >= '2021-01-01' ORDER BY county"),
    "range": asked("SELECT county FROM VISITS WHERE county >= 'B' AND county < 'C'"),
    "empty": asked("SELECT county FROM VISITS WHERE visits IS NULL"),
    "page": asked("SELECT county FROM VISITS ORDER BY county LIMIT 2 OFFSET 1"),
    "grouped": asked("SELECT day, SUM(visits) FROM VISITS GROUP BY day ORDER BY day"),
    "quoted": asked("SELECT visits FROM VISITS WHERE county = 'L''Anse'"),
}
json.dump(found, sys.stdout, default=str)

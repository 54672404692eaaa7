"""Law 9: labels are pure functions of rows; relabelling an artifact needs no simulator."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from fakes.scenario import environment

from harness.artifact.labelling import LABEL_COLUMNS, relabel
from harness.evidence.company import EVERYWHERE, Company
from harness.evidence.labels import label

CODE = """
import sys
import pyarrow.parquet as pq
from harness.artifact.labelling import LABEL_COLUMNS, relabel
from harness.evidence.company import EVERYWHERE, Company
table = pq.read_table(sys.argv[1])
company = Company(table.select([*EVERYWHERE, "purpose", "policy", "success"]).to_pylist())
assert relabel(table, company).select(list(LABEL_COLUMNS)).equals(table.select(list(LABEL_COLUMNS)))
print(*[name for name in ("mujoco", "torch", "fakes", "tasks") if name in sys.modules])
"""


def _company(table):
    return Company(table.select([*EVERYWHERE, "purpose", "policy", "success"]).to_pylist())


def test_relabelling_gives_the_stored_labels(fake_artifact):
    table = pq.read_table(fake_artifact)
    again = relabel(table, _company(table))
    assert again.equals(table)
    assert set(table["failure_category"].to_pylist()) > {"none"}


def test_stored_labels_are_not_read(fake_artifact):
    table = pq.read_table(fake_artifact)
    blank = table
    for name in LABEL_COLUMNS:
        index = table.schema.get_field_index(name)
        blank = blank.set_column(index, table.schema.field(name), pa.nulls(len(table), table.schema.field(name).type))
    assert relabel(blank, _company(table)).equals(table)


def test_wrong_labels_are_replaced(fake_artifact):
    table = pq.read_table(fake_artifact)
    index = table.schema.get_field_index("failure_category")
    wrong = table.set_column(index, table.schema.field(index), pa.array(["evaluation"] * len(table)))
    assert relabel(wrong, _company(table)).equals(table)


def test_a_row_alone_gets_the_label_that_it_got_in_company(fake_artifact):
    table = pq.read_table(fake_artifact)
    company = _company(table)
    for row in table.to_pylist(maps_as_pydicts="strict"):
        given = label(row, company.elsewhere(row))
        assert given.category == row["failure_category"]
        assert given.evidence == row["failure_evidence"]


def test_relabelling_imports_no_simulator(fake_artifact):
    command = [sys.executable, "-c", CODE, str(fake_artifact)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == ""

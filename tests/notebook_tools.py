"""A small notebook for tests of what runs and lists notebooks."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'run_dir = "../runs/lab"\nseed = 0\nclip_seconds = 3.0'


def write_notebook(path, *codes, title="A title", parameters=PARAMETERS):
    """A notebook with a title, a question, a parameters cell and code cells."""
    cells = [new_markdown_cell(f"# {title}\n\n**What is asked?**\n\n2 minutes, two CPU cores")]
    cells += [new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, codes)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)

